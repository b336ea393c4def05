// minutes.js: tells the server every 15 s which part of the page is being read. Only the server
// measures the time; a page that is hidden, or that nobody touched for a minute, sends nothing.
(function () {
  'use strict';
  var line = document.querySelector('[data-reading]');
  if (!line || !window.fetch) return;
  var EVERY = 15000, IDLE = 60000;
  var parts = Array.prototype.slice.call(document.querySelectorAll('[data-part]'));
  var said = line.querySelector('[data-said]'), still = line.querySelector('[data-still]');
  var active = Date.now(), sent = 0, timer = 0, begins = true, over = false, today = '';

  // what is done inside a frame cannot be seen from here: then the reader has to say so
  function offer() {
    var at = document.activeElement;
    still.hidden = over || !seen() || !(at && at.tagName === 'IFRAME' || !timer && Date.now() - active >= IDLE);
  }
  function say(text) {
    line.hidden = false;
    offer();
    if (said.textContent !== text) said.textContent = text;
  }
  function pause(why) {
    clearInterval(timer);
    timer = 0; begins = true;
    if (!over) say((today ? today + '，' : '') + '已暂停计时：' + why);
  }
  function stop(why) { pause(why); over = true; say(why); }

  // the part at the middle of the screen, or the nearest one that can be seen
  function partInView() {
    var middle = window.innerHeight / 2, least = Infinity, found = null;
    parts.forEach(function (el) {
      var box = el.getBoundingClientRect();
      if (box.bottom <= 0 || box.top >= window.innerHeight) return;
      var away = Math.max(box.top - middle, middle - box.bottom, 0);
      if (away < least) { least = away; found = el; }
    });
    return found;
  }

  function show(data) {
    if (timer) begins = false;
    today = '今天已学' + (data.today < 60 ? '不到 1 分钟' : ' ' + Math.floor(data.today / 60) + ' 分钟');
    if (!timer) return;
    say(today + (data.full === 'day' ? '，今天的已记满' : data.full === 'part' ? '，' + (parts.length > 1 ? '这一部分今天已记满，请往下读' : '本页今天已记满') : ''));
  }
  function send(part) {
    sent = Date.now();
    fetch(line.getAttribute('data-beat'), {
      method: 'POST', keepalive: true, cache: 'no-store', credentials: 'same-origin',
      headers: {
        Accept: 'application/json', 'Content-Type': 'application/json',
        'X-CSRFToken': document.querySelector('meta[name=csrf-token]').content
      },
      body: JSON.stringify({ reading: line.getAttribute('data-reading'), part: part.getAttribute('data-part'), begins: begins })
    }).then(function (r) {
      if (r.status === 401) { stop('登录已过期，计时已停，请重新登录'); return null; }
      if (r.status >= 500 || r.status === 429) throw new Error();
      return r.json().then(function (data) { if (r.ok) show(data); else stop(data.message); });
    }).catch(function () {
      begins = true;
      if (timer) say('连不上服务器，现在没有计时');
    });
  }
  function seen() { return !over && document.visibilityState === 'visible'; }
  function tick() {
    if (!seen()) return;
    if (Date.now() - active >= IDLE) { pause('一分钟没有操作'); return; }
    var part = partInView();
    if (part) send(part); else { begins = true; say((today ? today + '，' : '') + '正文不在屏幕上，没有计时'); }
  }
  function start() {
    clearInterval(timer);
    timer = 0;
    if (!seen()) return;
    timer = setInterval(tick, EVERY);
    tick();
  }
  function act() {
    active = Date.now();
    if (!timer && seen()) start();
    if (!still.hidden) offer();
  }

  ['scroll', 'wheel', 'keydown', 'pointerdown', 'pointermove', 'touchstart', 'touchmove', 'click'].forEach(function (kind) {
    window.addEventListener(kind, act, { passive: true });
  });
  document.addEventListener('visibilitychange', function () {
    if (document.visibilityState === 'visible') act(); else pause('页面在后台');
  });
  // when a frame takes the focus the window loses it, and then gets it back
  ['blur', 'focus'].forEach(function (kind) {
    window.addEventListener(kind, function () { setTimeout(offer, 0); });
  });
  // leaving for another page: what was read since the last beat
  window.addEventListener('pagehide', function () {
    var part = timer && seen() && !begins && Date.now() - sent >= 5000 && Date.now() - active < IDLE && partInView();
    if (part) send(part);
    pause('页面在后台');
  });
  window.addEventListener('pageshow', function (e) { if (e.persisted) act(); });
  start();
}());
