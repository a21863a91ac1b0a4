/* The shell: menu, panels that close by themselves, messages. No words of its own: they
   come from the page. */
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");

  function each(selector, act, within) {
    Array.prototype.forEach.call((within || document).querySelectorAll(selector), act);
  }

  // the menu as a drawer on small screens; without this script `:target` opens it
  var menu = document.getElementById("menu");
  var wide = window.matchMedia("(min-width: 901px)");
  function keep(name, value) {
    var secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = name + "=" + value + ";path=/;max-age=31536000;samesite=lax" + secure;
  }
  function setMenu(open) {
    if (!menu) return;
    menu.classList.toggle("is-open", open);
    each("[data-menu-toggle]", function (button) { button.setAttribute("aria-expanded", String(open)); });
    if (open) {
      var first = menu.querySelector(".is-active, .el-menu-item");
      if (first) first.focus();
    }
  }
  each("[data-menu-toggle]", function (button) {
    button.setAttribute("role", "button");
    button.setAttribute("aria-expanded", String(wide.matches && !root.classList.contains("is-folded")));
    button.addEventListener("click", function (event) {
      event.preventDefault();
      if (wide.matches) {
        // on wide screens it folds away, which is remembered
        var folded = root.classList.toggle("is-folded");
        button.setAttribute("aria-expanded", String(!folded));
        keep("menu_folded", folded ? "1" : "");
        window.dispatchEvent(new Event("resize"));
        return;
      }
      setMenu(!menu.classList.contains("is-open"));
    });
  });
  each("[data-menu-close]", function (button) {
    button.addEventListener("click", function (event) { event.preventDefault(); setMenu(false); });
  });

  // folded groups of the menu are remembered, and the server draws them so
  each("[data-group]", function (group) {
    group.addEventListener("toggle", function () {
      group.classList.toggle("is-opened", group.open);
      var closed = [];
      each("[data-group]", function (one) { if (!one.open) closed.push(one.dataset.group); });
      keep("menu_closed", closed.join("."));
    });
  });
  if (menu) {
    var current = menu.querySelector(".is-active");
    if (current && current.getBoundingClientRect().bottom > menu.getBoundingClientRect().bottom - 40) menu.scrollTop += menu.clientHeight / 2;
  }

  // panels: one open at a time, closed by a click elsewhere and by Escape
  var panels = "details[data-drop], details.explain";
  document.addEventListener("click", function (event) {
    each(panels, function (panel) {
      if (panel.open && !panel.contains(event.target)) panel.open = false;
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    each(panels, function (panel) {
      if (!panel.open) return;
      panel.open = false;
      panel.querySelector("summary").focus();
    });
    setMenu(false);
  });
  // a box that would leave the window opens to the other side
  each("details.explain", function (panel) {
    panel.addEventListener("toggle", function () {
      var box = panel.querySelector(".explain-box");
      if (!panel.open || !box) return;
      box.style.left = box.style.right = "";
      if (box.getBoundingClientRect().left < 8) { box.style.right = "auto"; box.style.left = "0"; }
    });
  });
  each("details.filter", function (panel) {
    panel.addEventListener("toggle", function () {
      var box = panel.querySelector(".filter-panel");
      if (!panel.open || !box) return;
      box.style.left = box.style.right = "";
      if (getComputedStyle(box).position === "absolute" && box.getBoundingClientRect().right > window.innerWidth - 8) {
        box.style.left = "auto"; box.style.right = "0";
      }
    });
  });

  each("[data-close-message]", function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var item = button.closest("li"), list = item.parentNode;
      item.remove();
      if (!list.children.length) list.remove();
    });
  });
  each("[data-go-back]", function (button) {
    if (history.length < 2) return;
    button.hidden = false;
    button.addEventListener("click", function () { history.back(); });
  });

  each("[data-print]", function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });

  // a form that must not be sent twice
  each("form[data-once]", function (form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      each("button:not([type=button])", function (button) { button.setAttribute("aria-disabled", "true"); }, form);
    });
  });
  window.addEventListener("pageshow", function () {
    each("form[data-once]", function (form) {
      delete form.dataset.sent;
      each("button", function (button) { button.removeAttribute("aria-disabled"); }, form);
    });
  });
})();
