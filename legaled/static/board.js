// board.js: asks for the top of a board once a second while the page is looked at.
// Without it the board is as it was when the page came.
(function () {
  'use strict';
  var EVERY = 1000, SLOWEST = 30000;
  document.addEventListener('DOMContentLoaded', function () {
    var box = document.querySelector('[data-board]'), rows = document.querySelector('[data-board-rows]');
    var url = box && box.dataset.board, tag = null, wait = EVERY, timer = null;
    if (!url || !rows) { return; }

    function put(selector, text) {
      var node = document.querySelector(selector);
      if (node && node.textContent !== text) { node.textContent = text; }
    }
    function mark(own) {
      var line = own.place && rows.querySelector('[data-place="' + own.place + '"]');
      if (line && !line.classList.contains('me')) {
        line.classList.add('me');
        line.querySelector('th').textContent += '（我）';
      }
      var place = document.querySelector('[data-own-place]');
      if (place) {
        place.hidden = !own.place;
        place.querySelector('span').textContent = own.place || '';
      }
      put('[data-own-words]', own.words || '还没有计分成绩');
    }
    function show(data) {
      rows.innerHTML = data.rows;
      mark(data.own);
      put('[data-board-counts]', data.counts);
    }
    function next() {
      clearTimeout(timer);
      timer = document.hidden ? null : setTimeout(ask, wait);
    }
    function ask() {
      fetch(url, { headers: tag ? { 'If-None-Match': tag } : {}, cache: 'no-store', credentials: 'same-origin' })
        .then(function (answer) {
          if (answer.status === 401 || answer.status === 403 || answer.status === 404) { return; }
          wait = answer.status === 200 || answer.status === 304 ? EVERY : Math.min(wait * 2, SLOWEST);
          if (answer.status !== 200) { next(); return; }
          tag = answer.headers.get('ETag');
          return answer.json().then(show).then(next);
        })
        .catch(function () { wait = Math.min(wait * 2, SLOWEST); next(); });
    }
    document.addEventListener('visibilitychange', function () { if (!document.hidden) { wait = EVERY; next(); } });
    next();
  });
}());
