import { resumableViolations } from 'slograph/client';

const show = (id, tag, text) => {
  const element = document.createElement(tag);
  element.textContent = text;
  document.getElementById(id).append(element);
};

for await (const item of resumableViolations({
  url: new URL(location.href).searchParams.get('gateway'),
  loadCursor: () => localStorage.getItem('violations'),
  saveCursor: (cursor) => localStorage.setItem('violations', cursor),
  onInterrupted: (reason) => show('interrupted', 'span', reason),
})) {
  if (item.__typename === 'ViolationEvent') show('items', 'li', item.eventId);
  if (item.__typename === 'StreamReset') show('items', 'li', item.reason);
}
