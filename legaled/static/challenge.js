// challenge.js: the verdict without a new page, the clock, another try when the line is lost.
// Without it every step is a form. The server's clock decides; this one only shows it.
(function () {
  'use strict';
  var run = document.querySelector('[data-run]'), screen = document.querySelector('[data-screen]');
  if (!run || !window.fetch || !window.FormData || !window.URLSearchParams) { return; }
  var status = document.querySelector('[data-status]'), bar = document.querySelector('[data-bar]');
  var clock = document.querySelector('[data-clock]');
  var seconds = +run.dataset.seconds, grace = +run.dataset.grace, questions = +run.dataset.questions;
  var busy = false, tries = 0, ends = 0, runEnds = 0, asked = false, WAITS = [1, 2, 3, 5, 8];

  function find(selector, inside) { return (inside || document).querySelector(selector); }
  function put(selector, text) { var el = find(selector); if (el) { el.textContent = text; } }
  function say(text) {
    status.textContent = '';
    if (!text) { return; }
    var box = document.createElement('p');
    box.className = 'banner banner-warn mb-3';
    box.textContent = text;
    status.appendChild(box);
  }

  function time(left, runLeft) {
    ends = left === null || left === '' ? 0 : Date.now() + left * 1000;
    runEnds = Date.now() + runLeft * 1000;
    asked = false;
    if (clock) { clock.parentNode.hidden = !ends; }
    if (bar) { bar.hidden = !ends; }
    tick();
  }
  function tick() {
    var waits = !!find('[data-answer]'), end = ends ? Math.min(ends, runEnds) : runEnds;
    if (ends && clock) {
      var left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
      if (clock.textContent !== String(left)) { clock.textContent = left; }
      if (bar) { bar.value = Math.min(left, seconds); }
    }
    if (waits && !busy && !asked && Date.now() > end + (grace + 1) * 1000) {
      asked = true;
      location.reload(); // what became of the question, the server knows
    }
  }

  function send(form) {
    if (busy) { return; }
    busy = true;
    var button = find('[type=submit]', form), body = new URLSearchParams(new FormData(form));
    body.delete('csrf_token'); // the page's own token goes in the head
    button.disabled = true;
    attempt(form, body, button);
  }
  function attempt(form, body, button) {
    var stop = window.AbortController ? new AbortController() : null;
    var limit = setTimeout(function () { if (stop) { stop.abort(); } }, 8000);
    var headers = { Accept: 'application/json', 'X-CSRFToken': find('meta[name=csrf-token]').content };
    var init = { method: 'POST', body: body, headers: headers, cache: 'no-store', credentials: 'same-origin' };
    if (stop) { init.signal = stop.signal; }
    fetch(form.getAttribute('action'), init).then(function (reply) {
      return reply.json().then(function (data) { return { status: reply.status, data: data }; });
    }).then(function (got) {
      clearTimeout(limit);
      if (got.status >= 500 || got.status === 429) { throw new Error('busy'); }
      busy = false; tries = 0; button.disabled = false;
      say('');
      take(got.status, got.data);
    }).catch(function () {
      clearTimeout(limit);
      say('网络断开，正在重试。答案在这台设备上，请不要关闭页面。本题的钟没有停。');
      setTimeout(function () { attempt(form, body, button); }, WAITS[Math.min(tries, WAITS.length - 1)] * 1000);
      tries += 1;
    });
  }
  function take(code, data) {
    if (data.go) { location.assign(data.go); return; }
    if (code === 422) { put('[data-problem]', data.message); return; }
    if (code !== 200) { location.reload(); return; }
    screen.innerHTML = data.html; // our own template, escaped by the server
    put('[data-number]', '第 ' + data.number + ' 题' + (questions ? '，共 ' + questions + ' 题' : ''));
    document.title = document.title.replace(/^第 \d+ 题/, '第 ' + data.number + ' 题');
    put('[data-streak]', data.streak);
    put('[data-score]', data.score);
    put('[data-lives-left]', data.lives);
    var lives = document.querySelectorAll('[data-lives] i');
    for (var i = 0; i < lives.length; i += 1) { lives[i].className = i < data.lives ? 'left' : ''; }
    time(data.left, data.run_left);
    window.scrollTo(0, 0);
    var focus = find('[data-verdict]') || find('legend', screen);
    if (focus) { focus.focus({ preventScroll: true }); }
  }

  document.addEventListener('submit', function (event) {
    if (!event.target.hasAttribute('data-answer') && !event.target.hasAttribute('data-go')) { return; }
    event.preventDefault();
    send(event.target);
  });
  document.addEventListener('keydown', function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) { return; }
    var at = event.target;
    if (at.tagName === 'INPUT' && at.type === 'text') { return; }
    if (event.key === 'Enter') {
      if (at.tagName === 'A' || at.tagName === 'BUTTON') { return; }
      var go = find('.exam-foot [type=submit]', screen);
      if (go) { event.preventDefault(); go.click(); }
      return;
    }
    var place = '12345678'.indexOf(event.key);
    if (place < 0) { place = 'abcdefgh'.indexOf(event.key.toLowerCase()); }
    if (place < 0 || event.key.length !== 1) { return; }
    var options = document.querySelectorAll('[data-keys] .opt input');
    if (options[place]) { options[place].focus(); options[place].click(); }
  });
  window.addEventListener('pageshow', function (event) { if (event.persisted) { location.reload(); } });
  time(run.dataset.left === '' ? null : +run.dataset.left, +run.dataset.runLeft);
  setInterval(tick, 250);
}());
