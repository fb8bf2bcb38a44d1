import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

it('the compose file builds a stage that the Dockerfile has, keeps its data and publishes to loopback only', () => {
  const { services, volumes } = parse(readFileSync(resolve('deploy/compose.yaml'), 'utf8')) as {
    services: Record<
      string,
      {
        build: { context: string; dockerfile: string; target: string };
        ports: string[];
        volumes: string[];
        read_only: boolean;
      }
    >;
    volumes: Record<string, unknown>;
  };
  const dockerfile = readFileSync(resolve('deploy/Dockerfile'), 'utf8');
  for (const { build, ports, volumes: mounted, read_only } of Object.values(services)) {
    expect(resolve('deploy', build.context, build.dockerfile)).toBe(resolve('deploy/Dockerfile'));
    expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${build.target}$`, 'm'));
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    for (const volume of mounted) expect(volumes).toHaveProperty(volume.split(':')[0] as string);
    expect(read_only).toBe(true);
  }
});
