/** How Node runs a gateway; `npm start` and the image do the same. */
export const NODE_FLAGS: readonly string[] = ['--enable-source-maps', '--max-semi-space-size=32'];
