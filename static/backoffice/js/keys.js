/* Keys: / search, n new, j k rows, x tick, Enter opens, Ctrl+S saves, ? help. */
(function () {
  "use strict";
  var help = document.getElementById("keys-help");
  var here = -1;

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|button|submit)$/.test(target.type);
  }
  function rows() { return Array.prototype.slice.call(document.querySelectorAll("tr[data-row]")); }
  function go(step) {
    var all = rows();
    if (!all.length) return;
    if (all[here]) all[here].classList.remove("is-here");
    here = Math.max(0, Math.min(all.length - 1, here + step));
    var row = all[here];
    row.classList.add("is-here");
    row.scrollIntoView({ block: "nearest" });
    var target = row.querySelector("td a, td input");
    if (target) target.focus({ preventScroll: true });
  }
  function openHelp() { if (help && help.showModal && !help.open) help.showModal(); }

  var acts = {
    "/": function () {
      var search = document.querySelector("[data-search]") || document.getElementById("bar-search");
      if (search && search.offsetParent) { search.focus(); search.select(); }
    },
    "n": function () { var link = document.querySelector("[data-new]"); if (link) link.click(); },
    "j": function () { go(1); },
    "k": function () { go(-1); },
    "x": function () {
      var row = rows()[here], tick = row && row.querySelector("[data-tick]");
      if (tick) tick.click();
    },
    "?": openHelp
  };
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      var save = document.querySelector(".object-form button[name=_save], .object-form .save-bar .el-button--primary");
      if (save) { event.preventDefault(); save.click(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
    if (help && help.open) return;
    var act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  Array.prototype.forEach.call(document.querySelectorAll("[data-keys-open]"), function (button) {
    button.hidden = !(help && help.showModal);
    button.addEventListener("click", openHelp);
  });
})();
