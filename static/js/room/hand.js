// The hand: one card chosen, kept in step with the round, with the server, and with this browser's other tabs.
import { chosen, hand, pick } from './card.js';
import { actions, me, onChange } from './page.js';
import { refresh } from './regions.js';
import { forget, isSending, onAnswer, showAgain } from './sending.js';

const tabs = new BroadcastChannel(`faceup ${location.pathname}`);
tabs.addEventListener('message', () => refresh('actions'));
onAnswer(() => tabs.postMessage('hand'));
// A refusal at the table brings the hand as it is; one from before it, or from a server in front, does not.
onAnswer((_taken, { response, text }) => {
  if (response.status >= 400 && !text.includes('hx-target="#actions"')) showAgain();
});

onChange('vote-table', ({ dataset: { round } }) => {
  if (actions().dataset.round === round) return;
  actions().dataset.round = round;
  for (const field of document.querySelectorAll('[data-current-round]')) field.value = round;
  forget();
  pick(null);
  const hint = document.getElementById('hand-hint');
  if (hint) hint.textContent = 'Pick a card. Nobody sees it before the reveal.';
});
// The table and the hand contradict each other: the table came back to a round voted on before, or a card was played or
// taken back elsewhere. The table may also be older than the last answer, so a card gets the time that events are merged
// for, and then the server is asked.
const MERGED = 2_000;
let doubt;
function contradicts() {
  const seat = document.getElementById(`seat-${me}`);
  if (!seat || !hand() || isSending()) return false;
  const { state, v } = seat.dataset;
  return v === undefined ? (state === 'voted') !== (chosen() !== null) : v !== chosen();
}
function doubtHand() {
  clearTimeout(doubt);
  if (contradicts()) doubt = setTimeout(() => contradicts() && refresh('actions'), chosen() === null ? 0 : MERGED);
}
onChange('vote-table', doubtHand);
onAnswer(doubtHand);

// A morph leaves a radio as the person set it; the server knows better, unless a card is on its way.
onChange('actions', () => {
  if (!hand()) forget();
  if (isSending()) return;
  for (const radio of hand()?.elements.card ?? []) radio.checked = radio.defaultChecked;
});
