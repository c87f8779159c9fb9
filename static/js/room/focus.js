// The focus stays with the controls: one that a swap takes away or hides hands it on, and has it back when it is shown again.
import { actions, onChange } from './page.js';

const shown = (element) => element.isConnected && element.checkVisibility();
let last = null;

document.addEventListener('focusin', ({ target }) => (last = actions().contains(target) ? target : null));
document.addEventListener('pointerdown', () => (last = null));

const next = () => [...actions().querySelectorAll('#estimate input:checked, .btn--primary, #hand input')].find(shown);

function keep() {
  const now = document.activeElement;
  if (last && (now === document.body || !shown(now))) (shown(last) ? last : next())?.focus({ preventScroll: true });
}

onChange('vote-table', keep);
onChange('actions', keep);

// Who deleted something has lost their place with it, and finds the way back under their fingers.
onChange('notice', (notice) =>
  setTimeout(() => {
    if (document.activeElement === document.body) notice.querySelector('form button')?.focus({ preventScroll: true });
  }, 100),
);
