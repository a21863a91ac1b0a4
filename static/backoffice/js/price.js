/* The pencil beside a price opens its form over the list; without scripts it is a page. */
(function () {
  "use strict";
  var dialog, here = location.pathname + location.search;
  function fill(html) {
    var page = new DOMParser().parseFromString(html, "text/html");
    var form = page.querySelector("[data-price-form]"), title = page.querySelector("h1");
    if (!form) return false;
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.className = "price-dialog";
      document.body.appendChild(dialog);
      dialog.addEventListener("click", function (event) {
        if (event.target === dialog || event.target.closest("[data-price-close]")) { event.preventDefault(); dialog.close(); }
      });
      dialog.addEventListener("submit", send);
    }
    dialog.textContent = "";
    var head = document.createElement("h2");
    head.textContent = title ? title.textContent : "";
    dialog.appendChild(head);
    dialog.appendChild(document.adoptNode(form));
    form.querySelector("[name=next]").value = here;
    if (!dialog.open) dialog.showModal();
    var wrong = form.querySelector("[aria-invalid]") || form.querySelector("input:not([type=hidden])");
    if (wrong) { wrong.focus(); wrong.select(); }
    return true;
  }
  function send(event) {
    event.preventDefault();
    var form = event.target;
    form.querySelector("button").disabled = true;
    fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" }).then(function (answer) {
      if (answer.redirected) { location.assign(here); return null; }
      return answer.text().then(function (html) { if (!fill(html)) form.submit(); });
    }).catch(function () { form.submit(); });
  }
  document.addEventListener("click", function (event) {
    var pencil = event.target.closest("a[data-price]");
    if (!pencil || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    fetch(pencil.href, { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (html) {
      if (!fill(html)) location.assign(pencil.href);
    }).catch(function () { location.assign(pencil.href); });
  });
})();
