import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { findEngine } from '../../../src/demo/engines.js';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: Record<string, unknown>;
}

describe('the kustomize base', () => {
  const rendered = execFileSync(findEngine('kubectl') ?? 'kubectl', ['kustomize', resolve('deploy/kustomize/base')], {
    encoding: 'utf8',
  });
  const manifests = parseAllDocuments(rendered).map((document) => document.toJS() as Manifest);
  const one = (kind: string) => {
    const found = manifests.filter((manifest) => manifest.kind === kind);
    expect(found, kind).toHaveLength(1);
    return found[0] as Manifest;
  };

  it('renders a single writer with its service, account and network policy', () => {
    expect(manifests.map((manifest) => manifest.kind).sort()).toEqual([
      'ConfigMap',
      'ConfigMap',
      'NetworkPolicy',
      'Service',
      'ServiceAccount',
      'StatefulSet',
    ]);
    expect(one('StatefulSet').spec).toMatchObject({ replicas: 1, serviceName: one('Service').metadata.name });
  });

  it('passes the restricted pod security standard', () => {
    const pod = (one('StatefulSet').spec as { template: { spec: Record<string, unknown> } }).template.spec;
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const container of pod.containers as Record<string, unknown>[]) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('selects the pods that it makes', () => {
    const { selector, template } = one('StatefulSet').spec as {
      selector: { matchLabels: object };
      template: { metadata: { labels: object } };
    };
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(one('Service').spec).toMatchObject({ selector: selector.matchLabels });
    expect(one('NetworkPolicy').spec).toMatchObject({ podSelector: { matchLabels: selector.matchLabels } });
  });

  it('mounts every config map and secret that it names', () => {
    const pod = (one('StatefulSet').spec as { template: { spec: { volumes: { configMap?: { name: string } }[] } } })
      .template.spec;
    const named = pod.volumes
      .flatMap((volume) => (volume.configMap === undefined ? [] : [volume.configMap.name]))
      .sort();
    expect(named).toEqual(
      manifests
        .filter((manifest) => manifest.kind === 'ConfigMap')
        .map((manifest) => manifest.metadata.name)
        .sort(),
    );
  });
});
