// Events from the realtime engine. A push is a hint and a GET is the truth: whatever is missed, the next fetch heals.
import { channels, options, POLL, watch } from './connection.js';
import { notice } from './notices.js';
import { callForCard, WAITING } from './notifications.js';
import { leave, me, onChange, room, table } from './page.js';
import { apply, onBehind, refresh, refreshTasks } from './regions.js';

const SAFETY_POLL = 25_000;

const reload = () => leave(() => location.reload());

// Many browsers hear a thin event at once; they should not all ask at once.
const soon = (act) => setTimeout(act, Math.random() * 400);

async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

async function hear(event, data) {
  if (event.startsWith('pusher:')) return;
  if (event === 'session-ended' || (event === 'member-removed' && data.member === me)) return reload();
  if (event === 'member-nudged' && data.member.split(' ').includes(me)) {
    notice(WAITING);
    callForCard();
  }
  if (data.html) await apply(data.html);
  else if (data.gz) await apply(await unpacked(data.gz));
  else if (data.version > Number(table().dataset.version)) soon(() => refresh('vote-table'));
}

if (options) {
  const state = channels.state();
  state.bind_global(hear);
  state.bind('pusher:subscription_succeeded', () => refresh('vote-table'));
  // The library asks for a channel once. While the pages rest and the engine does not, that is answered with an error.
  for (const channel of state.pusher.allChannels()) {
    const again = () => state.pusher.connection.state === 'connected' && channel.subscribe();
    channel.bind('pusher:subscription_error', () => setTimeout(again, 1_000 + Math.random() * 1_000));
  }
}
watch({ poll: () => refresh('vote-table') });
setInterval(() => soon(() => refresh('vote-table')), SAFETY_POLL);

// The engine fails: asking often keeps this page current, and has the server try the engine again for everybody.
let hurrying;
onBehind((behind) => {
  if (!behind) hurrying = void clearInterval(hurrying);
  else hurrying ??= setInterval(() => refresh('vote-table'), POLL);
});

// Whoever is lost is waited for a while. When it is over somebody has to ask, or the cards would not turn over.
let missing;
onChange('vote-table', (shown) => {
  clearTimeout(missing);
  if (!shown.matches('[data-phase="voting"]:has(.seat[data-state="away"])')) return;
  missing = setTimeout(() => refresh('vote-table'), Number(room.dataset.awaited) + Math.random() * 2_000);
});

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') ['vote-table', 'actions'].forEach(refresh);
});

// The table says how new the tasks are; whatever way it came, an older task or backlog is asked for. A server of the
// release before, during a deploy, says it by the former name.
onChange('vote-table', ({ dataset }) => {
  if (dataset.phase === 'ended') reload();
  setTimeout(() => refreshTasks(Number(dataset.tasksVersion ?? dataset.agenda)), Math.random() * 200);
});
