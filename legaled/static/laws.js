// /laws/3#27 without a query: article 27 may be on another page of the law.
(function () {
  var hash = location.hash.slice(1);
  if (/^\d+(-\d+)?$/.test(hash) && !document.getElementById(hash)) {
    var query = new URLSearchParams(location.search);
    if (query.get("article") !== hash) {
      query.delete("page");
      query.set("article", hash);
      location.replace(location.pathname + "?" + query + location.hash);
    }
  }
})();
