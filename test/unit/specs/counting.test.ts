import { describe, expect, it } from 'vitest';
import { problemText } from '../../../src/domain/errors.js';
import { conditionsIn } from '../../../src/specs/counting.js';
import { readDocuments } from '../../../src/specs/documents.js';

function read(text: string) {
  const { documents } = readDocuments(null, `conditions: ${JSON.stringify(text)}\n`, false);
  const [document] = documents;
  const node = document?.root.anyFields('a mapping')?.get('conditions');
  if (document === undefined || node === null || node === undefined) throw new Error('no document');
  const conditions = conditionsIn(new Map([['conditions', { text, node }]]));
  return { ...conditions, problems: document.problems.map(problemText) };
}

describe('conditions', () => {
  it('in words are for readers, and decide nothing', () => {
    expect(read('only while the crossing is in service\n\n  a = b is no setting\n')).toEqual({
      lines: ['only while the crossing is in service', 'a = b is no setting'],
      counting: { hours: [], when: null },
      minEvents: null,
      minFailures: null,
      problems: [],
    });
  });

  it('as settings decide what is counted, and are shown as they were written', () => {
    const promql = 'up{job="a;b"} == 1';
    const read1 = read(
      `in service\nmin-events=20; min-failures=2; hours=Mon-Fri 08:00-18:00 Europe/Berlin; when=${promql}`,
    );
    expect(read1).toMatchObject({
      lines: [
        'in service',
        'min-events=20',
        'min-failures=2',
        'hours=Mon-Fri 08:00-18:00 Europe/Berlin',
        `when=${promql}`,
      ],
      counting: {
        hours: [{ days: [1, 2, 3, 4, 5], fromMinute: 480, toMinute: 1080, timeZone: 'Europe/Berlin' }],
        when: { text: promql, line: 1 },
      },
      minEvents: 20,
      minFailures: 2,
      problems: [],
    });
  });

  it.each([
    ['Sat,Sun 00:00-24:00 UTC', [{ days: [6, 7], fromMinute: 0, toMinute: 1440, timeZone: 'UTC' }]],
    [
      'Fri-Mon 22:00-06:00 Asia/Seoul',
      [{ days: [1, 5, 6, 7], fromMinute: 1320, toMinute: 1800, timeZone: 'Asia/Seoul' }],
    ],
    [
      'mon 08:00-12:00,13:00-17:30 UTC',
      [
        { days: [1], fromMinute: 480, toMinute: 720, timeZone: 'UTC' },
        { days: [1], fromMinute: 780, toMinute: 1050, timeZone: 'UTC' },
      ],
    ],
  ])('by hours are read: %s', (hours, expected) => {
    expect(read(`hours=${hours}`)).toMatchObject({ counting: { hours: expected }, problems: [] });
  });

  it.each([
    ['hours=Mo 08:00-18:00 UTC', /expected days by Mon Tue/],
    ['hours=Mon 8:00-18:00 UTC', /expected times from 00:00 to 24:00/],
    ['hours=Mon 08:00-25:00 UTC', /expected times/],
    ['hours=Mon 24:00-24:00 UTC', /expected times/],
    ['hours=Mon 08:60-18:00 UTC', /expected times/],
    ['hours=Mon 08:00-18:00', /expected a time zone by its IANA name/],
    ['hours=Mon 08:00-18:00 +09:00', /expected a time zone by its IANA name/],
    ['min-events=-1', /expected a whole number, 0 or more/],
    ['min-events=1; min-events=2', /given twice/],
    ['when=', /when= is empty/],
    ['min-event=3', /did you mean "min-events="\?/],
    [`${'min-events=1;'.repeat(100_000)}`, /expected up to 4000 characters/],
    ['min-events=3; and more', /"and more" is no condition/],
  ])('are refused: %s', (text, problem) => {
    expect(read(text).problems.join('\n')).toMatch(problem);
  });
});
