// What did not get through: said once, and by whom it concerns. A card is sent again by the hand itself.
import { notice } from './notices.js';

const AWAY = [502, 503, 504]; // from the application while it cannot, and from what stands in front while it is not there

// Whether a request was decided by nobody, so that the same again is neither a second try nor a mistake.
export const unanswered = (ctx) => ctx.status.startsWith('error') || AWAY.includes(ctx.response?.status);

// Gone with the next thing that does get through.
export const complain = (sentence) => notice(sentence, 'refusal');

document.addEventListener('htmx:error', ({ target, detail: { ctx } }) => {
  if (target.id === 'hand') return;
  if (ctx?.request?.signal?.reason !== 'timeout') return complain('Not sent. Check your connection and try again.');
  complain('The server did not answer. Look at the table before you try again.');
});
// The application's own refusals come with a sentence; those of a server in front do not.
document.addEventListener('htmx:response:error', ({ target, detail: { ctx } }) => {
  const again = target.id === 'hand' && unanswered(ctx);
  if (!again && !ctx.text.includes('<hx-partial')) complain('The server did not take that. Try again in a moment.');
});
