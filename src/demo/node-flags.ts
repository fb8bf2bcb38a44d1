/**
 * How Node runs a gateway; `npm start` and the image do the same. A gateway that rests is not marked to give memory back:
 * maps of objects that are dead at that moment would go, and with them the compiled code that knows them. All three
 * count only before the program runs, and NODE_OPTIONS may not have the last.
 */
export const NODE_FLAGS: readonly string[] = [
  '--enable-source-maps',
  '--max-semi-space-size=32',
  '--no-memory-reducer',
];
