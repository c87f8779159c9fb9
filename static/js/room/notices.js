// Short sentences over the table, from the server or from this browser.
const place = () => document.getElementById('notice');
let fading;

export function notice(sentence, kind = '') {
  const toast = document.createElement('div');
  toast.className = 'toast';
  toast.dataset.kind = kind;
  toast.setAttribute('role', 'status');
  const text = document.createElement('p');
  text.textContent = sentence;
  toast.append(text);
  place().replaceChildren(toast);
  fadeAfter(8);
}

export const clear = () => place().replaceChildren();

// Not under somebody's hand: its Undo may be what they are on their way to.
const held = () => place().matches(':hover, :has(:focus-visible)');

export function fadeAfter(seconds) {
  clearTimeout(fading);
  if (seconds) fading = setTimeout(() => (held() ? fadeAfter(2) : clear()), seconds * 1_000);
}
