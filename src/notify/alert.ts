import type { Severity } from '../domain/slo.js';
import type { Violation } from '../domain/violation.js';

/** An alert as Alertmanager's API takes it. Its labels are its identity. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

/** Routes and silences of users name it: never renamed. */
export const alertName = 'SLOViolation';

export interface AlertOptions {
  /** Until when it stands if nobody says more; for one that has ended, when it ended. */
  readonly endsAtMs: number;
  /** Address of the gateway for people, without a slash at its end. */
  readonly externalUrl: string | null;
}

/**
 * The alert of a violation. Neither windows nor figures are labels: they change while the violation lasts, and a change
 * would make it another alert. Severity is one, since routes need it.
 */
export function alertOf(violation: Violation, { endsAtMs, externalUrl }: AlertOptions): Alert {
  const { slo, objective, cluster, microservice, application, severity, kind } = violation;
  const labels = {
    alertname: alertName,
    slo,
    objective,
    cluster,
    namespace: microservice?.namespace ?? '',
    microservice: microservice?.name ?? '',
    application: application ?? '',
    severity: severity.toLowerCase(),
    kind: kind.toLowerCase(),
  };
  return {
    labels: withoutEmpty(labels),
    annotations: withoutEmpty(annotationsOf(violation)),
    startsAt: instant(violation.startedAtMs),
    // Alertmanager refuses an alert that ends before it starts.
    endsAt: instant(Math.max(endsAtMs, violation.startedAtMs)),
    ...(externalUrl === null ? {} : { generatorURL: `${externalUrl}/graphiql` }),
  };
}

/** The alert that a violation was before its severity changed, ended. */
export function formerAlert(violation: Violation, severity: Severity, options: AlertOptions): Alert {
  return alertOf({ ...violation, severity }, options);
}

/** Equal for alerts that Alertmanager takes for the same. */
export function identityOf(alert: Alert): string {
  return JSON.stringify(Object.entries(alert.labels).sort());
}

function annotationsOf(violation: Violation): Readonly<Record<string, string>> {
  const { slo, kind, message, burnRate, budgetConsumed, longWindowMs, shortWindowMs, threshold, value } = violation;
  return {
    summary: `${slo}: ${SUMMARIES[kind]}`,
    description: message,
    burn_rate: text(burnRate),
    budget_consumed_ratio: text(budgetConsumed),
    long_window_seconds: text(longWindowMs === null ? null : longWindowMs / 1_000),
    short_window_seconds: text(shortWindowMs === null ? null : shortWindowMs / 1_000),
    threshold: text(threshold),
    value: text(value),
    violation_id: violation.id,
  };
}

const SUMMARIES: Readonly<Record<Violation['kind'], string>> = {
  BURN_RATE: 'the error budget burns too fast',
  BUDGET_EXHAUSTED: 'the error budget is gone',
  THRESHOLD: 'the value is out of its bounds',
};

function text(value: number | null): string {
  return value === null ? '' : String(value);
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

function withoutEmpty(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== ''));
}
