import type { Labels } from './answer.js';

/**
 * Labels by their JSON text. The same series come back in every answer: they are read once, and equal texts are one
 * object, by which others can keep what they make of the labels.
 */
export interface LabelDictionary {
  /** @param text of an object's members: `"a":"1","b":"2"`. @throws SyntaxError when it is not that */
  labelsOf(text: string): Labels;
}

/** Bound on the texts of one generation; labels take about three times as much. */
const MAX_CHARACTERS = 8 * 2 ** 20;

export function createLabelDictionary(maxCharacters = MAX_CHARACTERS): LabelDictionary {
  // What was not asked for during a whole generation is forgotten with it.
  let young = new Map<string, Labels>();
  let old = new Map<string, Labels>();
  let characters = 0;

  function keep(text: string, labels: Labels): Labels {
    if (characters > maxCharacters) {
      old = young;
      young = new Map();
      characters = 0;
    }
    characters += text.length;
    young.set(text, labels);
    return labels;
  }

  return {
    labelsOf(text) {
      return young.get(text) ?? keep(text, old.get(text) ?? withoutPrototype(JSON.parse(`{${text}}`)));
    },
  };
}

/** Unlike an object made with a null prototype, these are as fast as any other object. */
const LabelSet = function LabelSet() {} as unknown as new () => Labels;
LabelSet.prototype = Object.freeze(Object.create(null));

/** Labels without a prototype: one may be called `__proto__`. */
export function withoutPrototype(labels: Labels | undefined): Labels {
  return Object.assign(new LabelSet(), labels);
}
