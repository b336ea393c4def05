// sessions.js: keeps the projector's screen fresh. Without it the page has a link that does.
(function () {
  'use strict';
  var EVERY = 3000;

  function watch(place) {
    var lost = document.querySelector('[data-lost]'), last = '';

    // whatever comes first: the next count, or the next code
    function again(seconds) { setTimeout(look, Math.min(EVERY, seconds * 1000 + 50)); }

    function show(now) {
      lost.hidden = true;
      if (now.html !== last) { last = now.html; place.innerHTML = now.html; }
      again(now.seconds);
    }

    function look() {
      fetch(place.dataset.screen, { headers: { Accept: 'application/json' }, credentials: 'same-origin', cache: 'no-store' })
        .then(function (answer) {
          if (!answer.ok) throw new Error(String(answer.status));
          return answer.json();
        })
        .then(show)
        .catch(function () { lost.hidden = false; again(EVERY); });
    }
    again(Number(place.dataset.seconds));
  }

  document.addEventListener('DOMContentLoaded', function () {
    document.querySelectorAll('[data-screen]').forEach(watch);
  });
}());
