// The room: each ability in a module of its own, bound to the page by ids and data- attributes.
import './room/moment.js';
import './room/popovers.js';
import './room/trouble.js';
import './room/actions.js';
import './room/hand.js';
import './room/reveal.js';
import './room/estimate.js';
import './room/say.js';
import './room/announcements.js';
import './room/timer.js';
import './room/keys.js';
import './room/focus.js';
import './room/backlog.js';
import './room/changed-rows.js';
import './room/add-task.js';
import './room/live.js';
import './theme.js';
