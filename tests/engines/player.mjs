// What a test can tell pusher-js to do, the same in Node and in a page. Whatever it hears goes to `tell`.
export function player(Pusher, tell) {
  const pushers = {};
  const say = (who, event, data, channel) => tell({ who, event, data: data ?? null, channel: channel ?? null });

  const doings = {
    connect({ who, key, options }) {
      const pusher = new Pusher(key, options);
      pushers[who] = pusher;
      pusher.connection.bind('state_change', ({ current }) =>
        say(who, `state:${current}`, pusher.connection.socket_id),
      );
      pusher.connection.bind('error', (error) => say(who, 'error', error));
      pusher.connection.bind('message', ({ event }) => event.startsWith('pusher') && say(who, event));
      pusher.user.bind_global((event, data) => say(who, event, data, 'user'));
    },
    subscribe({ who, channel }) {
      pushers[who].subscribe(channel).bind_global((event, data) => say(who, event, data, channel));
    },
    unsubscribe: ({ who, channel }) => pushers[who].unsubscribe(channel),
    trigger: ({ who, channel, event, data }) => pushers[who].channel(channel).trigger(event, data),
    ping: ({ who }) => pushers[who].connection.connection.ping(),
    signin: ({ who }) => pushers[who].signin(),
    disconnect: ({ who }) => pushers[who].disconnect(),
  };
  return (told) => doings[told.do](told);
}
