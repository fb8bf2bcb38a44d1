import { core } from './topology.js';

/** Bare TCP connections from a workload to a service without a proxy of its own: only the caller's proxy tells of them. */
export interface Connection {
  readonly cluster: string;
  readonly from: string;
  readonly to: string;
  /** Connections stay open for long. */
  readonly openedPerHour: number;
  readonly requestBytesPerSecond: number;
  readonly responseBytesPerSecond: number;
}

export const connections: readonly Connection[] = [
  {
    cluster: core,
    from: 'aggregator',
    to: 'kafka',
    openedPerHour: 12,
    requestBytesPerSecond: 40_000,
    responseBytesPerSecond: 310_000,
  },
];
