import { NotifyError } from '../domain/errors.js';
import type { Alert } from './alert.js';

export interface AlertmanagerClientOptions {
  /** Base URL, path prefix included; user and password in it are sent as basic authorization. */
  readonly url: string;
  readonly timeoutMs: number;
}

export interface AlertmanagerClient {
  /** The address without secrets. */
  readonly name: string;
  /** @throws NotifyError REJECTED when it will never take them, UNAVAILABLE when it may later */
  post(alerts: readonly Alert[], signal: AbortSignal): Promise<void>;
}

/** Alertmanager's API v2. */
export function createAlertmanagerClient({ url, timeoutMs }: AlertmanagerClientOptions): AlertmanagerClient {
  const address = new URL(url);
  const { username, password } = address;
  address.username = '';
  address.password = '';
  address.hash = '';
  address.search = '';
  const name = address.href.replace(/\/+$/, '');
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers = {
    'content-type': 'application/json',
    ...(username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  };
  return {
    name,
    async post(alerts, signal) {
      const body = JSON.stringify(alerts);
      const answer = await send(`${name}/api/v2/alerts`, {
        method: 'POST',
        headers,
        body,
        // A redirect would turn the POST into a GET, which succeeds without storing anything.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      if (answer.status === 200) return;
      const isRefusal = answer.status >= 300 && answer.status < 500 && answer.status !== 408 && answer.status !== 429;
      const message = `${answer.status} ${answer.text}`.trim();
      throw new NotifyError(isRefusal ? 'REJECTED' : 'UNAVAILABLE', message);
    },
  };
}

async function send(url: string, init: RequestInit): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const answer = await fetch(url, init);
    const text = (await answer.text()).trim().slice(0, 500);
    return { status: answer.status, text };
  } catch (error) {
    throw new NotifyError('UNAVAILABLE', reasonOf(error), error);
  }
}

/** fetch says "fetch failed" and hides the reason in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.message || cause?.code || error.message;
}
