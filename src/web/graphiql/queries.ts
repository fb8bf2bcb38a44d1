/** What the editor opens with: one tab each, ready to run. */
export const queries: readonly { readonly query: string }[] = [
  {
    query: `# What runs: the machines of every cluster.
# clusters(at: "2026-01-31T12:00:00Z") travels back.
query Nodes {
  clusters {
    name
    reachable
    nodes(first: 20) {
      nodes {
        name
        ready
        cpuUtilization { value missing }
        memoryUtilization { value missing }
        networkReceiveRate { value unit }
      }
    }
  }
}
`,
  },
  {
    query: `# How it answers: requests, errors, latency,
# and whom each microservice calls.
query Microservices {
  microservices(first: 20) {
    nodes {
      namespace
      name
      requestRate { value unit }
      errorRatio { value missing }
      latency(quantile: 0.95) { value unit }
      callees { targetName requestRate { value } }
    }
  }
}
`,
  },
  {
    query: `# What was promised, and what is left of the budget.
query SLOs {
  slos(first: 50) {
    nodes {
      name
      state
      stateReason
      objectives {
        displayName
        target
        ratio
        errorBudget { remainingRatio remainingEvents exhaustsAt }
        burnRate(window: "1h")
      }
    }
  }
}
`,
  },
  {
    query: `# What goes wrong: all that is open, then every change.
subscription Violations {
  violations {
    __typename
    ... on ViolationEvent {
      cursor
      transition
      emittedAt
      violation {
        slo { name }
        kind
        severity
        status
        startedAt
        resolvedAt
        burnRate
        message
      }
    }
    ... on StreamBookmark { cursor at snapshotComplete }
    ... on StreamReset { reason oldestAvailable }
  }
}
`,
  },
];
