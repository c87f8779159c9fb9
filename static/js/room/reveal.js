// The reveal waits for the card of who asks for it, or it would come without.
import { beforeSubmit, table } from './page.js';
import { isSending, onAnswer, sendNow } from './sending.js';

let waits = ''; // the round whose reveal waits

beforeSubmit('reveal', () => {
  if (!isSending()) return true;
  waits = table().dataset.round;
  sendNow();
  return false;
});
onAnswer((arrived) => {
  if (arrived && waits === table().dataset.round) document.getElementById('reveal')?.requestSubmit();
  if (!isSending()) waits = '';
});
