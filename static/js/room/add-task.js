// The field for new tasks: sent with Enter and free for the next one at once; what did not go through comes back.

import { unanswered } from './trouble.js';

const COMPOSING = 229; // the key's code while a word is composed

// Enter sends, one line or a pasted list; Shift+Enter begins another line.
document.addEventListener('keydown', (event) => {
  const field = event.target.closest?.('[data-submits]');
  // Enter may also end the composition of a word, as in Japanese; Safari tells that by the key's code alone.
  if (!field || event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === COMPOSING) return;
  event.preventDefault();
  field.form.requestSubmit();
});
// Browsers without field-sizing show as many lines as there are, up to eight.
document.addEventListener('input', ({ target }) => {
  if (target.matches('[data-submits]')) target.rows = Math.min(target.value.split('\n').length, 8);
});
document.addEventListener('reset', ({ target }) => {
  if (target.matches('.addtask')) target.elements.tasks.rows = 1;
});
document.addEventListener('htmx:config:request', ({ target }) => {
  if (target.matches('.addtask')) target.reset();
});
document.addEventListener('htmx:finally:request', ({ target, detail: { ctx } }) => {
  if (!target.matches?.('.addtask')) return;
  // A table is looked at before it is added, on a page of its own.
  const preview = ctx.response?.headers.get('X-Send-To');
  if (!preview && !unanswered(ctx) && ctx.response.status < 400) return;
  const field = target.elements.tasks;
  field.value = [ctx.request.body.get('tasks'), field.value].filter(Boolean).join('\n');
  if (!preview) return;
  target.action = preview;
  target.submit();
});
