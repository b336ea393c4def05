// exam.js: sitting an exam, one question a screen. Without it the page is a plain form.
// An answer is kept on this device, then sent; a sent one is repeated unchanged until the server
// has taken or refused it.
(function () {
  'use strict';
  const form = document.getElementById('exam');
  if (!form || !window.fetch || !window.AbortController) return;
  const $ = (s, p) => (p || document).querySelector(s);
  const on = (el, kind, act) => el.addEventListener(kind, act);
  const all = (s, p) => Array.from((p || document).querySelectorAll(s));
  const base = location.pathname.replace(/\/+$/, ''), key = 'exam-' + form.dataset.attempt;
  const WAITS = [1, 2, 4, 8, 15], AUTH = [400, 401, 403, 404], AT_ONCE = 2, PATIENCE = 20000, TYPING = 1200;
  let csrf = $('meta[name=csrf-token]').content;

  // what this device remembers
  function kept(name, value) {
    try {
      if (value === undefined) return JSON.parse(localStorage.getItem(name));
      if (value) localStorage.setItem(name, JSON.stringify(value)); else localStorage.removeItem(name);
    } catch (e) { /* private browsing: the page itself remembers */ }
    return value;
  }
  let tab = Math.random().toString(36).slice(2);
  try { tab = sessionStorage.tab || (sessionStorage.tab = tab); } catch (e) { /* as long as the page lives */ }

  // the questions
  // seq: the last step that the server has; item: the step after it; next: a newer answer behind item
  const cells = {};
  all('[data-cell]').forEach((c) => { cells[c.dataset.cell] = c; });
  const slots = all('fieldset[data-slot]').map((el) => ({
    n: el.dataset.slot, el, blank: el.dataset.kind === 'blank', multi: el.dataset.kind === 'multi',
    inputs: all('input:not([type=hidden])', el), seq: +$('input[type=hidden]', el).value - 1,
    line: $('.saved', el), item: null, next: null, busy: false, hold: 0,
  }));
  slots.forEach((s) => { s.saved = answerOf(s); });
  const marks = new Set(kept(key + '-marks') || []);
  let current = 0;

  function answerOf(s) {
    if (!s.blank) return s.inputs.filter((i) => i.checked).map((i) => i.value);
    const texts = s.inputs.map((i) => i.value.trim());
    return texts.some((t) => t) ? texts : [];
  }
  function showAnswer(s, answer) {
    s.inputs.forEach((i, place) => { if (s.blank) i.value = answer[place] || ''; else i.checked = answer.includes(i.value); });
  }
  const open = () => slots.filter((s) => !answerOf(s).length);
  const unsaved = () => slots.filter((s) => s.item);

  function keepQueue(s) {
    const stored = kept(key) || {};
    if (s.item) stored[s.n] = { item: s.item, next: s.next }; else delete stored[s.n];
    kept(key, Object.keys(stored).length ? stored : null);
  }

  // words on the page
  function put(el, text) { if (el.textContent !== text) el.textContent = text; }
  function clock(iso) { return new Date(Date.parse(iso) + 288e5).toISOString().slice(11, 19); } // Beijing
  function say(s, text, kind) {
    const count = s.multi ? answerOf(s).length : 0;
    s.line.classList.toggle('waiting', !!kind);
    put($('[data-text]', s.line), (count ? '已选 ' + count + ' 项，' : '') + text);
    $('use', s.line).setAttribute('href', '#i-' + (kind || 'check'));
  }
  function banner(strong, rest) {
    const box = $('[data-status]');
    if (!strong) { box.textContent = ''; return; }
    if (!box.firstChild) box.append($('template').content.firstChild.cloneNode(true));
    put($('strong', box), strong); put($('span', box), rest);
  }
  const why = (answered) => (answered ? '现在用的人多' : '网络断开');
  const announce = (text) => put($('[data-announce]'), text);

  function paint() {
    const done = slots.length - open().length, s = slots[current];
    slots.forEach((one, place) => {
      const cell = cells[one.n], has = answerOf(one).length > 0, marked = marks.has(one.n);
      cell.className = 'cell' + (has ? ' answered' : '') + (marked ? ' marked' : '');
      cell.setAttribute('aria-label', '第 ' + one.n + ' 题，' + (has ? '已答' : '未答') + (marked ? '，已标记' : ''));
      if (place === current) cell.setAttribute('aria-current', 'true'); else cell.removeAttribute('aria-current');
    });
    put($('[data-where]'), '第 ' + s.n + ' 题，共 ' + slots.length + ' 题');
    put($('[data-count]'), done + '/' + slots.length);
    put($('[data-tally]'), '已答 ' + done + '，未答 ' + (slots.length - done) + '，标记 ' + marks.size);
    $('[data-mark]').setAttribute('aria-pressed', String(marks.has(s.n)));
    status();
  }
  function status() {
    const count = unsaved().length;
    if (over) return;
    if (!count || !tries) { banner(); return; }
    banner(why(crowded) + '，' + count + ' 题未保存，正在重试。', '答案存在这台设备上，请继续作答，不要关闭页面。考试时间照常计算。');
    unsaved().forEach((s) => say(s, '这一题未保存，已存在本机', 'offline'));
  }

  // sending
  let sending = 0, tries = 0, crowded = false, timer = 0, paused = '', renewed = 0, over = false, leaving = false;

  async function call(method, path, body) {
    const stop = new AbortController(), limit = setTimeout(() => stop.abort(), PATIENCE), sent = Date.now();
    const headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': csrf };
    const init = { method, headers, signal: stop.signal, cache: 'no-store' };
    if (body) { init.body = JSON.stringify(body); init.keepalive = init.body.length < 6e4; }
    try {
      const r = await fetch(base + path, init);
      let data = {};
      try { data = await r.json(); } catch (e) { if (r.ok) throw e; }
      if (data.deadline) deadline = Date.parse(data.deadline);
      if (data.now) offset = Date.parse(data.now) - (sent + Date.now()) / 2;
      return { status: r.status, data, wait: +r.headers.get('Retry-After') };
    } catch (e) { return { status: 0, data: {} }; } finally { clearTimeout(limit); }
  }

  function changed(s, typing) {
    const answer = answerOf(s), latest = s.next || (s.item ? s.item.answer : s.saved);
    if (answer.join('\n') === latest.join('\n')) { if (!typing) release(); return; }
    if (s.item && s.item.sent) s.next = answer;
    else s.item = { answer, seq: s.seq + 1, tab, sent: false };
    s.hold = typing ? Date.now() + TYPING : 0;
    keepQueue(s);
    if (!typing) say(s, '正在保存…');
    paint();
    if (typing) setTimeout(pump, TYPING + 20); else pump();
  }
  function release() { slots.forEach((s) => { s.hold = 0; }); pump(); }
  function pump() {
    if (paused || leaving) return;
    slots.forEach((s) => { if (sending < AT_ONCE && s.item && !s.busy && s.hold <= Date.now()) send(s); });
  }
  async function send(s) {
    const item = s.item;
    item.sent = s.busy = true; sending += 1;
    keepQueue(s);
    const r = await call('PUT', '/answers/' + s.n, { answer: item.answer, seq: item.seq, tab: item.tab });
    s.busy = false; sending -= 1;
    if (!leaving && s.item === item) settle(s, item, r);
    pump();
  }
  function settle(s, item, r) {
    const code = r.data.error;
    if (r.status === 200) taken(s, item, r.data);
    else if (r.status === 409 && code === 'closed') { leave(); return; }
    else if (r.status === 409) adopt(s, r.data.saved);
    else if (r.status === 422 || r.status === 413) refused(s, r.data.message || '这道题没有保存，请重新选择。');
    else if (code && AUTH.includes(r.status)) { renew(); return; }
    else { later(r); return; }
    tries = 0;
    keepQueue(s); paint();
  }
  function taken(s, item, data) {
    s.seq = item.seq; s.saved = item.answer;
    s.item = s.next ? { answer: s.next, seq: s.seq + 1, tab, sent: false } : null;
    s.next = null;
    if (s.item) say(s, '正在保存…'); else say(s, '已保存 ' + clock(data.saved_at));
  }
  function adopt(s, saved) {
    s.seq = saved.seq; s.saved = saved.answer;
    s.item = s.next = null;
    showAnswer(s, s.saved);
    say(s, '这道题在别的页面或设备上改过，已换成' + (saved.saved_at ? ' ' + clock(saved.saved_at) + ' ' : '') + '那边保存的答案，请核对', 'alert');
  }
  function refused(s, message) {
    s.item = s.next && { answer: s.next, seq: s.seq + 1, tab, sent: false };
    s.next = null;
    say(s, message, 'alert');
  }
  function later(r) {
    const wait = r.wait || WAITS[Math.min(tries, WAITS.length - 1)];
    tries += 1; crowded = r.status > 0;
    paused = paused || 'wait';
    clearTimeout(timer);
    timer = setTimeout(retry, wait * 1000 * (1 + Math.random() / 5));
    paint();
  }
  function retry() { if (paused === 'wait') { paused = ''; pump(); } }

  // 400/401: the queue stays; a fresh token if the person is signed in, else the sign-in dialog
  const again = $('#again');
  async function renew() {
    if (paused === 'login') return false;
    paused = 'login';
    const r = await call('GET', '/paper.json');
    if (r.status === 409) { leave(); return false; }
    if (r.status === 200) {
      csrf = r.data.csrf;
      const often = Date.now() - renewed < 10000;
      renewed = Date.now(); paused = '';
      hide(again);
      if (often) later({ status: 503 }); else { tries = 0; paint(); pump(); }
      return true;
    }
    if (!r.data.error || !AUTH.includes(r.status)) { paused = ''; later(r); return false; }
    const count = unsaved().length;
    put($('[data-words]', again), (r.status === 404 ? '现在登录的不是这份答卷的账号。' : '登录已经过期。') +
      '已保存的答案都在' + (count ? '，' + count + ' 题未保存的存在这台设备上，登录后自动保存。' : '。') + '考试时间照常计算。');
    show(again);
    if ($('#again-number').value) $('#again-password').focus();
    return false;
  }
  async function signIn(e) {
    e.preventDefault();
    const f = $('form', again), button = $('[type=submit]', f);
    put($('[data-error]', again), ''); button.disabled = true;
    const problem = await tryPassword(f);
    button.disabled = false;
    if (problem) { put($('[data-error]', again), problem); $('#again-password').focus(); return; }
    $('#again-password').value = '';
    resume();
  }
  async function tryPassword(f) {
    const url = f.getAttribute('action'), read = (text) => new DOMParser().parseFromString(text, 'text/html');
    try {
      const page = await fetch(url, { cache: 'no-store' });
      if (page.redirected) return '';
      const body = new URLSearchParams(new FormData(f));
      body.set('csrf_token', $('meta[name=csrf-token]', read(await page.text())).content);
      const r = await fetch(url, { method: 'POST', body, redirect: 'manual' });
      if (r.type === 'opaqueredirect' || r.ok) return '';
      const error = $('.field-error', read(await r.text()));
      return error ? error.textContent.trim() : '没有登录成功，请再试一次。';
    } catch (e) { return '网络断开，没有登录成功。答案都在，请再试一次。'; }
  }
  async function resume() {
    paused = '';
    if (!(await renew()) && paused === 'wait') hide(again);
  }

  // time: counts to the server's deadline by the server's clock
  const arrived = window.performance && performance.timing && performance.timing.responseStart;
  let deadline = Date.parse(form.dataset.deadline), told = 1e9;
  let offset = Date.parse(form.dataset.now) - (arrived || Date.now());
  const left = () => deadline - Date.now() - offset;
  function tick() {
    const ms = left(), s = Math.max(0, Math.ceil(ms / 1000)), two = (n) => (n < 10 ? '0' : '') + n, low = s < 300;
    put($('[data-timer] b'), two(Math.floor(s / 60)) + ':' + two(s % 60));
    put($('[data-timer] small'), !s ? '时间到' : low ? '不足 5 分钟' : '剩余');
    $('[data-timer]').classList.toggle('low', low);
    [300, 60].forEach((mark) => { if (s <= mark && s > 0 && told > mark) { told = mark; announce('还剩 ' + Math.ceil(s / 60) + ' 分钟，到时自动交卷'); } });
    if (ms < 4000 && ms > 0) release();
    if (ms > 0 || over) return;
    over = true;
    slots.forEach((one) => { one.el.disabled = true; });
    setTimeout(timeUp, Math.random() * 1500); // not everybody in the same instant
  }
  // the deadline may have been moved, or this device's clock: the server is asked before the end
  async function timeUp() {
    const r = await call('GET', '/paper.json');
    const more = r.status === 200 && left() > 0;
    slots.forEach((s) => { s.el.disabled = !more; });
    paused = more ? '' : 'over';
    if (more) { csrf = r.data.csrf; over = false; paint(); pump(); return; }
    const done = r.status ? await call('POST', '/submit', { answers: last() }) : r;
    if (done.status && done.status < 500 && done.status !== 429) { leave(); return; }
    const count = unsaved().length;
    hide(ask); hide(again);
    banner('时间到，不能再改。', why(done.status) + '，交卷还没有送到，正在重试。已保存的答案都算数，系统会自动收卷' +
      (count ? '；' + count + ' 题没来得及保存，不计入。' : '。'));
    setTimeout(timeUp, (done.wait || 5) * 1000);
  }

  // handing in
  const ask = $('#submit');
  function ranges(list) {
    const out = [];
    for (let i = 0, j; i < list.length; i = j) {
      for (j = i + 1; j < list.length && list[j] === list[j - 1] + 1;) j += 1;
      if (j - i > 2) out.push(list[i] + ' 至 ' + list[j - 1]);
      else out.push(...list.slice(i, j));
    }
    return out.join('、');
  }
  function askSubmit() {
    const empty = open().map((s) => +s.n), minutes = Math.floor(left() / 60000), waiting = unsaved().length;
    card(false);
    $('h2', ask).textContent = empty.length ? '还有 ' + empty.length + ' 题未答，确定交卷？' : '全部答完了，确定交卷？';
    $('[data-words]', ask).textContent = (empty.length ? '第 ' + ranges(empty) + ' 题还空着。' : '') + (marks.size ? '有 ' + marks.size + ' 题标记待查。' : '') +
      (waiting ? '有 ' + waiting + ' 题还没保存，会随交卷一起送出。' : '') + '交卷后不能再改，还剩 ' + (minutes ? minutes + ' 分钟。' : '不到 1 分钟。');
    put($('[data-error]', ask), '');
    show(ask);
  }
  function last() {
    const answers = {};
    unsaved().forEach((s) => { answers[s.n] = { answer: s.next || s.item.answer, seq: s.item.seq, tab: s.item.tab }; });
    return answers;
  }
  async function handIn() {
    const button = $('[data-yes]', ask);
    button.disabled = true; put(button, '正在交卷…');
    if (paused === 'wait') paused = '';
    release();
    for (let i = 0; i < 40 && unsaved().length && !paused && !leaving; i += 1) await new Promise((done) => setTimeout(done, 200));
    const r = paused === 'login' ? { status: 401 } : await call('POST', '/submit', { answers: last() });
    button.disabled = false; put(button, '确定交卷');
    if (leaving || over) return;
    if (r.status === 200 || r.status === 409) leave();
    else if (AUTH.includes(r.status)) { hide(ask); if (await renew()) askSubmit(); }
    else put($('[data-error]', ask), why(r.status) + '，还没有交卷。答案都在，请再按一次「确定交卷」；时间到也会自动收卷。');
  }
  function leave() {
    if (leaving) return;
    leaving = true;
    kept(key, null); kept(key + '-marks', null);
    location.replace(base + '/review');
  }

  // moving about
  function go(place, focus) {
    if (place < 0 || place >= slots.length) return;
    release();
    current = place;
    slots.forEach((s, i) => { s.el.hidden = i !== place; });
    $('[data-prev]').disabled = place === 0;
    const end = place === slots.length - 1, next = $('[data-next]');
    put($('span', next), end ? '交卷' : '下一题');
    all('svg, kbd', next).forEach((el) => el.toggleAttribute('hidden', end));
    history.replaceState(null, '', '#slot-' + slots[place].n);
    paint();
    if (focus) { scrollTo(0, 0); $('legend', slots[place].el).focus({ preventScroll: true }); }
  }
  function fromHash() { return slots.findIndex((s) => '#slot-' + s.n === location.hash); }
  function mark() {
    const n = slots[current].n;
    if (!marks.delete(n)) marks.add(n);
    kept(key + '-marks', marks.size ? Array.from(marks) : null);
    paint();
  }

  // the answer card: a drawer under 992 px; focus goes in and comes back, Esc closes
  const drawer = $('#card'), veil = $('[data-veil]');
  let opener = null;
  function card(on) {
    if (drawer.classList.contains('open') === on) return;
    drawer.classList.toggle('open', on);
    veil.hidden = !on || innerWidth >= 992;
    $('[data-open-card]').setAttribute('aria-expanded', String(on));
    if (on) { opener = document.activeElement; $('h2', drawer).focus(); } else if (opener) { opener.focus(); opener = null; }
  }
  // a dialog, also where <dialog> is unknown (iOS before 15.4)
  function show(d) {
    d.hidden = false;
    if (d.open || d.classList.contains('dialog-plain')) return;
    if (d.showModal) { d.showModal(); return; }
    d.classList.add('dialog-plain'); d.setAttribute('role', 'dialog'); veil.hidden = false;
    $('button', d).focus();
  }
  function hide(d) {
    if (d.open && d.close) d.close();
    if (d.classList.contains('dialog-plain')) veil.hidden = true;
    d.classList.remove('dialog-plain');
    d.hidden = true;
  }

  function onKey(e) {
    if (e.key === 'Escape') card(false);
    if (!ask.hidden || !again.hidden || over || e.ctrlKey || e.altKey || e.metaKey || e.isComposing) return;
    if (/^(TEXTAREA|SELECT)$/.test(e.target.tagName) || /^(text|password|search)$/.test(e.target.type)) return;
    const s = slots[current], n = '12345678'.indexOf(e.key) + 1 || 'abcdefgh'.indexOf(e.key.toLowerCase()) + 1;
    if (e.key.length === 1 && n && !s.blank && s.inputs[n - 1]) { s.inputs[n - 1].click(); s.inputs[n - 1].focus(); }
    else if (e.key === 'ArrowLeft') { e.preventDefault(); go(current - 1, true); }
    else if (e.key === 'ArrowRight') { e.preventDefault(); go(current + 1, true); }
    else if (e.key === 'm' || e.key === 'M') mark();
  }

  function restore() {
    const stored = kept(key) || {};
    slots.forEach((s) => {
      const had = stored[s.n];
      if (had && had.item && Array.isArray(had.item.answer)) {
        s.item = had.item; s.next = had.next || null;
        showAnswer(s, s.next || s.item.answer);
      }
      const said = $('[data-text]', s.line).textContent;
      if (s.item || said) say(s, s.item ? '正在保存…' : said);
    });
  }
  function listen() {
    slots.forEach((s, place) => {
      $('legend', s.el).tabIndex = -1;
      on(s.el, 'change', () => changed(s));
      if (s.blank) on(s.el, 'input', () => changed(s, true));
      on(cells[s.n], 'click', (e) => { e.preventDefault(); opener = null; card(false); go(place, true); });
    });
    on(form, 'submit', (e) => { e.preventDefault(); release(); });
    on($('[data-prev]'), 'click', () => go(current - 1, true));
    on($('[data-next]'), 'click', () => { if (current + 1 < slots.length) go(current + 1, true); else askSubmit(); });
    on($('[data-mark]'), 'click', mark);
    on($('[data-submit]'), 'click', askSubmit);
    on($('[data-open-card]'), 'click', () => card(true));
    on($('[data-close-card]'), 'click', () => card(false));
    on(veil, 'click', () => card(false));
    on($('[data-close]', ask), 'click', () => hide(ask));
    on($('[data-yes]', ask), 'click', handIn);
    on(ask, 'close', () => { ask.hidden = true; });
    on(again, 'cancel', (e) => e.preventDefault());
    on($('form', again), 'submit', signIn);
    on(document, 'focusin', (e) => {
      if (drawer.classList.contains('open') && innerWidth < 992 && !drawer.contains(e.target)) { opener = null; card(false); }
    });
    on(document, 'keydown', onKey);
    on(window, 'hashchange', () => go(fromHash(), true));
    on(window, 'online', () => { tries = 0; retry(); });
    on(window, 'beforeunload', (e) => { if (!leaving && unsaved().length) { e.preventDefault(); e.returnValue = ''; } });
    on(document, 'visibilitychange', () => {
      if (document.hidden) { release(); return; }
      tick(); pump();
      if (paused === 'login') resume(); // signed in again in another tab, perhaps
    });
  }

  form.classList.add('live');
  all('[data-live]').forEach((el) => { el.hidden = false; });
  all('[data-plain]').forEach((el) => { el.hidden = true; });
  restore();
  listen();
  const first = open()[0], wanted = fromHash();
  go(wanted >= 0 ? wanted : first ? slots.indexOf(first) : 0);
  tick();
  setInterval(tick, 1000);
  pump();
}());
