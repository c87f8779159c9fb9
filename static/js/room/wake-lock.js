// The screen stays on while the page is in view and something happens at the table: a phone beside the keyboard need not
// be unlocked for each card.
import { actions, onChange, table } from './page.js';

const QUIET = 1_800_000; // milliseconds without a change, as at a table that was left open: half an hour

let lock; // a promise: of the browser's lock, or of nothing where it is refused
let version; // the newest that was shown
let quiet = false;
let timer;

const inView = () => document.visibilityState === 'visible';
const inPlay = () => table().dataset.phase !== 'ended' && !('left' in actions().dataset) && !quiet;

async function request() {
  try {
    return await navigator.wakeLock.request('screen');
  } catch (refusal) {
    // As with a low battery. The next change asks again.
    if (refusal.name !== 'NotAllowedError') throw refusal;
  }
}

async function hold() {
  const asked = request();
  lock = asked;
  const held = await asked;
  const forget = () => {
    if (lock === asked) lock = undefined;
  };
  if (held) held.addEventListener('release', forget);
  else forget();
}

function follow() {
  if (inView() && inPlay()) {
    if (!lock) hold();
    return;
  }
  lock?.then((held) => held?.release());
  lock = undefined;
}

if ('wakeLock' in navigator) {
  onChange('vote-table', ({ dataset }) => {
    if (dataset.version === version) return;
    ({ version } = dataset);
    quiet = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      quiet = true;
      follow();
    }, QUIET);
    follow();
  });
  onChange('actions', follow);
  document.addEventListener('visibilitychange', follow);
}
