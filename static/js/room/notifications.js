// By choice, and remembered in this browser: a notification while the page is hidden and the table waits for the viewer's
// card. It has the session's name and no task's title, since a shared screen shows it.
import { local } from '../storage.js';
import { here, table } from './page.js';
import { awaitingRound, onWaiting } from './waiting.js';

export const WAITING = 'The table is waiting for your card.';
const ON = 'faceup-notifications';
const box = document.getElementById('notifications');
const toggle = box.querySelector('input');
const { href: icon } = document.querySelector('[rel="apple-touch-icon"]');

// A frame of another site gets no permission, and a page without TLS no notifications.
let works = 'Notification' in window && window.isSecureContext && window === window.top;
let seen = table().dataset.round;
let shown;

// Chromium on Android has the constructor for the sake of service workers, and refuses to construct.
function make(title, options) {
  try {
    return new Notification(title, options);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    works = false;
    draw();
  }
}

const isOn = () => works && Notification.permission === 'granted' && local?.getItem(ON) === 'on';

function draw() {
  box.hidden = !works;
  toggle.checked = isOn();
  toggle.disabled = works && Notification.permission === 'denied';
  box.querySelector('.hint').hidden = !toggle.disabled;
}

const close = () => shown?.close();

export function callForCard() {
  if (!document.hidden || !awaitingRound() || !isOn()) return;
  shown = make(table().dataset.name, { body: WAITING, icon, tag: here, renotify: true });
  shown?.addEventListener('click', () => {
    window.focus();
    close();
  });
}

toggle.addEventListener('change', async () => {
  local?.setItem(ON, toggle.checked ? 'on' : 'off');
  if (toggle.checked) await Notification.requestPermission();
  draw();
});
// Without the permission nothing is shown, and it says all the same whether it can be.
if (works && Notification.permission !== 'granted') make('Faceup');
draw();
// The permission is given and taken in the browser's own settings, too.
document.getElementById('me').addEventListener('beforetoggle', draw);
document.addEventListener('visibilitychange', () => document.hidden || close());
onWaiting((round) => {
  if (!round) close();
  else if (round !== seen) callForCard();
  seen = round || seen;
});
