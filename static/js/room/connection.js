// The socket: signing in, subscribing, saying how it is, and polling while it is down.
import { grant } from './grants.js';
import { room } from './page.js';

export const options = JSON.parse(room.dataset.realtime);
const [stateName, presenceName] = JSON.parse(room.dataset.channels);
export const POLL = 3_000;
const GRACE = 1_500;

// An engine without an address of its own answers at the page's.
const place = options &&
  !options.wsHost && {
    wsHost: location.hostname,
    wsPort: location.port || 80,
    wssPort: location.port || 443,
    forceTLS: location.protocol === 'https:',
  };

const pusher =
  options &&
  new Pusher(options.key, {
    ...options,
    ...place,
    channelAuthorization: { customHandler: grant(({ channels }, { channelName }) => channels[channelName]) },
    userAuthentication: { customHandler: grant(({ user }) => user) },
  });
pusher?.signin();
const state = pusher?.subscribe(stateName);
pusher?.subscribe(presenceName);
export const channels = { state: () => state };

// The server leaves the socket that asked out of the event, or the table out of the answer: once is enough.
document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
  if (pusher?.connection.socket_id) ctx.request.headers['X-Socket-Id'] = pusher.connection.socket_id;
});

function show(name, word) {
  const sign = document.getElementById('connection');
  sign.dataset.state = name;
  sign.querySelector('[data-word]').textContent = word;
  document.getElementById('lost').hidden = name !== 'lost';
}

// Left to itself the library waits 15 and then 30 seconds after a failed retry; a restart is over long before.
let insisting = false;
function insist(tries = 0) {
  insisting = pusher.connection.state !== 'connected';
  if (!insisting) return;
  if (tries) {
    pusher.disconnect();
    pusher.connect();
  }
  setTimeout(insist, (1_000 + Math.random() * 1_000) * Math.min(tries || 1, 3), tries + 1);
}

export function watch({ poll }) {
  if (!pusher) {
    show('polling', 'Updates every few seconds');
    return void setInterval(poll, POLL);
  }
  let polling;
  let lost;
  const follow = ({ previous, current }) => {
    if (current === 'connected') {
      clearTimeout(lost);
      lost = undefined;
      clearInterval(polling);
      polling = undefined;
      return show('live', 'Live');
    }
    // Refused for good, as when over quota, means for now.
    if (!insisting && (previous === 'connected' || current === 'disconnected')) insist();
    if (!lost) show('connecting', 'Connecting');
    lost ??= setTimeout(() => {
      show('lost', 'Reconnecting');
      polling ??= setInterval(poll, POLL);
    }, GRACE);
  };
  pusher.connection.bind('state_change', follow);
  follow({ current: pusher.connection.state });
  document.querySelector('[data-reconnect]').addEventListener('click', () => {
    pusher.disconnect();
    pusher.connect();
    poll();
  });
}
