/* Forms: the first wrong field gets the focus, leaving with changes asks. */
(function () {
  "use strict";
  var wrong = document.querySelector(".form-row.errors input:not([type=hidden]), .form-row.errors select, .form-row.errors textarea, [aria-invalid=true]");
  var note = document.querySelector(".errornote");
  if (wrong) wrong.focus(); else if (note && note.hasAttribute("tabindex")) note.focus();

  Array.prototype.forEach.call(document.querySelectorAll("form[data-guard]"), function (form) {
    var isDirty = Boolean(document.querySelector(".errornote")), isLeaving = false;
    function touch(event) { if (event.isTrusted !== false) isDirty = true; }
    form.addEventListener("input", touch);
    form.addEventListener("change", touch);
    // what scripts change because a person asked them to
    form.addEventListener("touched", function () { isDirty = true; });
    form.addEventListener("submit", function () { isLeaving = true; });
    window.addEventListener("beforeunload", function (event) {
      if (!isDirty || isLeaving) return undefined;
      event.preventDefault();
      event.returnValue = form.dataset.leave || "";
      return event.returnValue;
    });
  });
})();
