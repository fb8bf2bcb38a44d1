import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scopeOf } from '../../../src/domain/access.js';
import { gauge, T0 } from '../../support/prometheus.js';
import { engineSubjects, type TestMetrics } from '../../support/victoria-metrics.js';
import { sample } from './exporter-sample.js';
import { openSources } from './reading.js';

describe.each(engineSubjects)('over %s', (_engine, startMetrics) => {
  const FRONTEND = 'shop/frontend-6d5c7f9b8-x2x4q';
  const CHECKOUT = 'shop/checkout-7c9dd8f6c-9kq2m';

  describe.each([
    { how: 'as their exporters label them', options: {} },
    { how: 'with labels that are not honoured', options: { dishonorLabels: true } },
  ])('the inventory of the sample of real exporters, $how', ({ options }) => {
    let prometheus: TestMetrics;
    beforeAll(async () => {
      const twin = (target: Readonly<Record<string, string>>) => ({ ...target, instance: 'twin:1' });
      prometheus = await startMetrics({
        series: [...sample(options), ...sample({ ...options, target: twin })],
        shared: true,
      });
    });
    afterAll(() => prometheus.dispose());
    const open = () => openSources([{ name: 'edge', url: prometheus.url }]);

    it('knows each node by one name', async () => {
      const nodes = await open().facet('nodes');
      expect([...nodes.keys()].sort()).toEqual(['cpu-1', 'gpu-1']);
      expect(nodes.get('cpu-1')).toEqual({
        name: 'cpu-1',
        kubeletVersion: 'v1.33.2',
        kernelVersion: '6.8.0-45-generic',
        osImage: 'Ubuntu 24.04.1 LTS',
        internalIP: '10.0.0.11',
      });
    });

    it('knows the state, roles, zone and filesystems of nodes', async () => {
      const { facet } = open();
      expect((await facet('nodeStates')).get('gpu-1')).toEqual({
        ready: true,
        conditions: [
          { type: 'DiskPressure', status: 'TRUE' },
          { type: 'Ready', status: 'TRUE' },
        ],
      });
      expect((await facet('nodeSchedulable')).get('cpu-1')).toBe(true);
      expect((await facet('nodeRoles')).get('cpu-1')).toEqual(['worker']);
      expect((await facet('nodeLabels')).get('gpu-1')).toEqual({ zone: 'eu-west-1b', region: null });
      expect((await facet('filesystems')).get('cpu-1')).toEqual([
        { node: 'cpu-1', mountpoint: '/', device: '/dev/nvme0n1p1', fstype: 'ext4', readOnly: false },
      ]);
    });

    it('knows pods, where they run and what they belong to', async () => {
      const { facet } = open();
      const pods = await facet('pods');
      expect(pods.size).toBe(6);
      expect(pods.get(FRONTEND)).toEqual({
        namespace: 'shop',
        name: 'frontend-6d5c7f9b8-x2x4q',
        uid: '1d0c2f0e-8a0b-4c55-9f1e-0a5a5b1f0001',
        node: 'cpu-1',
      });
      expect(pods.get('ai/vllm-llama-1')?.node).toBeNull();
      const states = await facet('podStates');
      expect(states.get(CHECKOUT)).toEqual({ phase: 'RUNNING', ready: false });
      expect(states.get('ai/vllm-llama-1')).toEqual({ phase: 'PENDING', ready: null });
      const workloads = await facet('workloads');
      expect(workloads.get(FRONTEND)).toEqual({ kind: 'Deployment', name: 'frontend' });
      expect(workloads.get('ai/vllm-llama-0')).toEqual({ kind: 'StatefulSet', name: 'vllm-llama' });
      expect(workloads.get('ai/nightly-eval-28711440-4x9bc')).toEqual({ kind: 'CronJob', name: 'nightly-eval' });
      expect(workloads.get('ai/debug')).toBeUndefined();
      expect([...(await facet('namespaces'))]).toEqual(['ai', 'monitoring', 'shop']);
    });

    it('knows containers, native sidecars among them, and their state', async () => {
      const { facet } = open();
      const containers = await facet('containers');
      expect([...containers.keys()].sort()).toEqual([`${CHECKOUT}/app`, `${FRONTEND}/app`, `${FRONTEND}/istio-proxy`]);
      expect(containers.get(`${FRONTEND}/istio-proxy`)?.image).toBe('docker.io/istio/proxyv2:1.29.2');
      const states = await facet('containerStates');
      expect(states.get(`${CHECKOUT}/app`)).toEqual({
        state: 'WAITING',
        reason: 'CrashLoopBackOff',
        ready: false,
        restarts: 6,
        lastTerminationReason: 'OOMKilled',
      });
      expect(states.get(`${FRONTEND}/app`)).toEqual({
        state: 'RUNNING',
        reason: null,
        ready: true,
        restarts: 0,
        lastTerminationReason: null,
      });
    });

    it('knows the services of the mesh and who answers for them', async () => {
      const services = await open().facet('microservices');
      expect([...services.keys()].sort()).toEqual(['ai/llm-gateway', 'shop/checkout', 'shop/frontend', 'shop/redis']);
      expect(services.get('shop/checkout')).toEqual({
        namespace: 'shop',
        name: 'checkout',
        workloads: [{ namespace: 'shop', name: 'checkout' }],
      });
    });

    it('knows the application of pods by their label, with the services they answer for', async () => {
      const { facet, plan } = open();
      expect(await facet('applications')).toEqual(
        new Map([
          [CHECKOUT, { application: 'webshop', microservices: ['shop/checkout'] }],
          [FRONTEND, { application: 'webshop', microservices: ['shop/frontend'] }],
        ]),
      );
      await Promise.all([facet('workloads'), facet('microservices')]);
      expect(plan.filter(({ cached }) => !cached).length).toBe(5);
    });

    it('asks a handful of questions for all of it', async () => {
      const { facet, plan } = open();
      await Promise.all(
        (
          [
            'nodes',
            'nodeStates',
            'pods',
            'podStates',
            'namespaces',
            'workloads',
            'containers',
            'containerStates',
            'microservices',
          ] as const
        ).map((name) => facet(name)),
      );
      expect(plan.filter(({ cached }) => !cached).length).toBe(17);
    });
  });

  it('shows a caller what is in the namespaces it may see, and all nodes', async () => {
    const prometheus = await startMetrics({ series: sample() });
    const { facet, inventory, context } = openSources(
      [{ name: 'edge', url: prometheus.url }],
      scopeOf(['edge'], ['ai']),
    );
    expect([...(await facet('nodes')).keys()].sort()).toEqual(['cpu-1', 'gpu-1']);
    expect([...(await facet('namespaces'))]).toEqual(['ai']);
    expect([...(await facet('microservices')).keys()]).toEqual(['ai/llm-gateway']);
    expect([...(await facet('pods')).keys()].every((key) => key.startsWith('ai/'))).toBe(true);
    const none = { ...context, scope: scopeOf([], null) };
    expect((await inventory.read('nodes', ['edge'], T0, none)).get('edge')).toEqual({ ok: true, value: new Map() });
  });

  it('lists containers, pods and nodes of a source that scrapes only cAdvisor', async () => {
    const prometheus = await startMetrics({
      series: sample({
        keep: (labels, target) => target.metrics_path === '/metrics/cadvisor' && labels.__name__ !== undefined,
      }),
    });
    const { facet, figure } = openSources([{ name: 'edge', url: prometheus.url }]);
    expect([...(await facet('containers')).keys()].sort()).toEqual([`${FRONTEND}/app`, `${FRONTEND}/istio-proxy`]);
    expect([...(await facet('pods')).values()]).toEqual([
      { namespace: 'shop', name: 'frontend-6d5c7f9b8-x2x4q', uid: null, node: 'cpu-1' },
    ]);
    expect([...(await facet('nodes')).keys()]).toEqual(['cpu-1']);
    expect([...(await facet('namespaces'))]).toEqual(['shop']);
    expect(await figure('container.cpuLimit', `${FRONTEND}/app`)).toMatchObject({
      value: null,
      missing: 'NOT_COLLECTED',
    });
    expect(await figure('container.cpuUtilization', `${FRONTEND}/app`)).toMatchObject({ missing: 'NOT_COLLECTED' });
  });

  it('takes the pod that is there when its name was used before', async () => {
    const info = (uid: string, node: string) => `kube_pod_info{namespace="db",pod="pg-0",uid="${uid}",node="${node}"}`;
    const prometheus = await startMetrics({
      series: [
        gauge(info('old', 'n1'), 1, { toMs: T0 - 60_000 }),
        gauge(info('new', 'n2'), 1, { fromMs: T0 - 30_000 }),
      ],
    });
    const pods = await openSources([{ name: 'edge', url: prometheus.url }]).facet('pods');
    expect([...pods.values()]).toEqual([{ namespace: 'db', name: 'pg-0', uid: 'new', node: 'n2' }]);
  });

  it('knows no applications where labels of pods are not collected, and none where they name none', async () => {
    const without = await startMetrics({
      series: sample({ keep: ({ __name__: name }) => name !== 'kube_pod_labels' }),
    });
    const { inventory, context } = openSources([{ name: 'edge', url: without.url }]);
    expect((await inventory.read('applications', ['edge'], T0, context)).get('edge')).toEqual({
      ok: true,
      value: null,
    });
    const bare = await startMetrics({ series: [gauge('kube_pod_labels{namespace="a",pod="b"}', 1)] });
    expect(await openSources([{ name: 'edge', url: bare.url }]).facet('applications')).toEqual(new Map());
  });

  it('takes the application that a pod is labelled with now, whatever stands in the label', async () => {
    const labels = (part: string) => `kube_pod_labels{namespace="a",pod="b",label_app_kubernetes_io_part_of=${part}}`;
    const odd = 'x"} or vector(1)\n{\\';
    const prometheus = await startMetrics({
      series: [
        gauge(labels('"old"'), 1, { toMs: T0 - 60_000 }),
        gauge(labels(JSON.stringify(odd)), 1, { fromMs: T0 - 30_000 }),
      ],
    });
    const applications = await openSources([{ name: 'edge', url: prometheus.url }]).facet('applications');
    expect([...applications.values()]).toEqual([{ application: odd, microservices: [] }]);
  });

  it('is an outcome per cluster when a source does not answer', async () => {
    const prometheus = await startMetrics({ series: sample() });
    const gone = await startMetrics();
    await gone.stop('SIGKILL');
    const { inventory, context } = openSources([
      { name: 'here', url: prometheus.url },
      { name: 'gone', url: gone.url },
    ]);
    const outcomes = await inventory.read('nodes', ['here', 'gone'], T0, context);
    expect(outcomes.get('here')?.ok).toBe(true);
    expect(outcomes.get('gone')).toMatchObject({ ok: false, error: { code: 'SOURCE_UNAVAILABLE' } });
  });
});
