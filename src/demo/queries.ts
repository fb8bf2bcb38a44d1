/** Three operations to paste into GraphiQL. */
export function exampleQueries(pastMs: number): readonly { readonly title: string; readonly text: string }[] {
  return [
    {
      title: 'what runs, now and in the past',
      // Of weeks ago there is what SLOs read and what existed; usage is kept for the last hours.
      text: `query Cloud {
  now: clusters { ...Parts ...Usage }
  then: clusters(at: "${new Date(pastMs).toISOString()}") { ...Parts }
}
fragment Parts on Cluster {
  name reachable
  nodes { nodes { name ready } }
  microservices { nodes { namespace name requestRate { value } errorRatio { value } } }
}
fragment Usage on Cluster {
  nodes { nodes { cpuUtilization { value } memoryUtilization { value } } }
  microservices { nodes { latency(quantile: 0.95) { value } } }
}`,
    },
    {
      title: 'what was promised, and what is left of it',
      text: `query Promises {
  slos {
    nodes {
      name state stateReason
      objectives { target ratio errorBudget { remainingRatio exhaustsAt } burnRate(window: "1h") }
    }
  }
}`,
    },
    {
      title: 'what goes wrong, as it happens',
      text: `subscription Violations {
  violations {
    __typename
    ... on ViolationEvent { transition evaluatedAt violation { slo { name } kind severity status burnRate message } }
    ... on StreamBookmark { cursor snapshotComplete }
  }
}`,
    },
  ];
}
