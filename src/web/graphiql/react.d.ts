// The page renders one component; these are the parts of React that it touches.
declare module 'react-dom/client' {
  export function createRoot(container: Element): { render(node: unknown): void };
}

declare module 'react/jsx-runtime' {
  export function jsx(type: unknown, props: unknown, key?: string): unknown;
  export const jsxs: typeof jsx;
  export const Fragment: unknown;
}
