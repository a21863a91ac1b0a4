/* The counter: goods appear while one types, Enter takes the first, sums follow what is
   typed. The server reckons everything again, and the page works without this. */
(function () {
  "use strict";
  var form = document.querySelector(".till");
  if (!form) return;
  var find = form.querySelector("#find"), list = form.querySelector("#found"), none = form.querySelector(".till-none");
  var body = form.querySelector(".till-lines tbody"), blank = document.getElementById("till-row");
  var items = [], asked = 0, timer = 0, next = 0;

  function fen(text) { return Math.round(Number(text) * 100); }
  function yuan(value) { return (value / 100).toFixed(2); }
  function cut(text) { return String(text).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, ""); }
  function checked(name) { var one = form.querySelector('input[name="' + name + '"]:checked'); return one ? one.value : ""; }
  function each(nodes, act) { Array.prototype.forEach.call(nodes, act); }

  function sum() {
    var total = 0;
    each(body.querySelectorAll("[data-row]"), function (row) {
      var price = fen(row.querySelector("[data-price]").textContent), quantity = Number(row.querySelector('[name="quantity"]').value);
      var amount = Math.round(price * quantity + 1e-6);
      row.querySelector("[data-amount]").textContent = quantity > 0 ? yuan(amount) : "";
      total += quantity > 0 ? amount : 0;
    });
    var delivery = form.querySelector('[name="delivery"]').value;
    var isFree = checked("kind") !== "phone" || delivery === "pickup" || total >= fen(form.dataset.freeFrom) || !total;
    var freight = isFree ? 0 : fen(form.dataset.freight), given = form.querySelector('[name="tendered"]').value;
    form.querySelector("[data-goods-total]").textContent = yuan(total);
    form.querySelector("[data-freight-sum]").textContent = yuan(freight);
    form.querySelector("[data-payable]").textContent = yuan(total + freight);
    var change = form.querySelector(".till-change");
    change.hidden = given === "" || fen(given) < total + freight;
    form.querySelector("[data-change]").textContent = change.hidden ? "" : yuan(fen(given) - total - freight);
    form.querySelector(".till-empty").hidden = Boolean(body.children.length);
  }

  function take(item) {
    var row = null;
    each(body.querySelectorAll("[data-row]"), function (one) {
      if (one.querySelector('[name="goods"]').value === String(item.id) && one.querySelector('[name="unit"]').value === item.unit) row = one;
    });
    var isCounted = cut(item.step) === "1", input;
    if (row) {
      input = row.querySelector('[name="quantity"]');
      if (isCounted) input.value = Number(input.value || 0) + 1;
    } else {
      row = blank.content.firstElementChild.cloneNode(true);
      row.querySelector('[name="goods"]').value = item.id;
      row.querySelector('[name="unit"]').value = item.unit;
      row.querySelector('[name="price"]').value = item.price;
      row.querySelector("[data-name]").textContent = item.name;
      row.querySelector("[data-code]").textContent = [item.code, item.spec].join(" ").trim();
      row.querySelector("[data-price]").textContent = item.price;
      row.querySelector("[data-unit]").textContent = item.unit_name;
      input = row.querySelector('[name="quantity"]');
      input.dataset.step = item.step;
      if (isCounted) input.value = 1;
      body.appendChild(row);
    }
    find.value = "";
    show([]);
    sum();
    if (isCounted) find.focus(); else { input.focus(); input.select(); }
  }

  function show(found) {
    items = found;
    next = 0;
    list.textContent = "";
    none.hidden = true;
    each(found, function (item, place) {
      var li = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.className = "till-one" + (place ? "" : " is-next");
      var name = document.createElement("span"), strong = document.createElement("b"), more = document.createElement("span");
      strong.textContent = item.name;
      more.className = "quiet";
      more.textContent = " " + item.code + " " + item.spec;
      name.appendChild(strong);
      name.appendChild(more);
      var price = document.createElement("span");
      price.className = "tel";
      price.textContent = item.price + " / " + item.unit_name + (item.size ? " (" + item.size + " " + item.base + ")" : "");
      var left = document.createElement("span");
      left.className = "quiet";
      left.textContent = item.left === "" ? "" : item.left + " " + item.base;
      [name, price, left].forEach(function (part) { button.appendChild(part); });
      button.addEventListener("click", function () { take(item); });
      li.appendChild(button);
      list.appendChild(li);
    });
  }

  function ask(then) {
    var typed = find.value.trim(), mine = ++asked;
    if (!typed) { show([]); return; }
    fetch(form.dataset.goods + "?q=" + encodeURIComponent(typed), { credentials: "same-origin" })
      .then(function (answer) { return answer.json(); })
      .then(function (given) {
        if (mine !== asked) return;
        show(given.items);
        none.hidden = given.items.length > 0;
        if (then) then();
      });
  }

  function point(to) {
    var buttons = list.querySelectorAll("button");
    if (!buttons.length) return;
    next = (to + buttons.length) % buttons.length;
    each(buttons, function (button, place) { button.classList.toggle("is-next", place === next); });
  }

  find.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(ask, 150); });
  find.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown") { event.preventDefault(); point(next + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); point(next - 1); }
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    clearTimeout(timer);
    // what is shown may be of fewer letters than are typed by now
    var chosen = next;
    ask(function () { if (items[chosen]) take(items[chosen]); else if (items[0]) take(items[0]); });
  });
  body.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && event.target.name === "quantity") { event.preventDefault(); find.focus(); }
  });
  body.addEventListener("click", function (event) {
    var drop = event.target.closest("[data-drop]");
    if (!drop) return;
    event.preventDefault();
    drop.closest("[data-row]").remove();
    sum();
    find.focus();
  });
  form.addEventListener("input", sum);
  form.addEventListener("change", sum);
  form.addEventListener("keydown", function (event) {
    // Enter beside the money does not sell by accident
    if (event.key === "Enter" && event.target.matches("input:not([type=radio])") && event.target !== find && !event.isComposing) event.preventDefault();
  });
  sum();
})();
