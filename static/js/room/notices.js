// Short sentences over the table, from the server or from this browser.
const place = () => document.getElementById('notice');
let fading;

export function notice(sentence) {
  const toast = document.createElement('div');
  toast.className = 'toast';
  toast.setAttribute('role', 'status');
  const text = document.createElement('p');
  text.textContent = sentence;
  toast.append(text);
  place().replaceChildren(toast);
  fadeAfter(8);
}

export const clear = () => place().replaceChildren();

export function fadeAfter(seconds) {
  clearTimeout(fading);
  if (seconds) fading = setTimeout(clear, seconds * 1_000);
}
