/* Cutting a picture to a shape: the frame stands still, the picture is moved and sized under
   it, with mouse, finger or keys. What is chosen is a part of the picture, told as
   "left,top,width,height" in shares of it; the shop cuts.
   window.shopCrop.open(source, {ratio, round, words, start}) → a promise of such a text, ""
   for the whole picture, null where nothing was chosen. */
(function () {
  "use strict";
  var MOST = 6, STEP = 10;

  function element(name, className, text) {
    var made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function button(text, className) {
    var made = element("button", "el-button" + (className ? " " + className : ""), text);
    made.type = "button";
    return made;
  }

  function ratioOf(text) {
    var parts = String(text).split("/");
    return Number(parts[0]) / Number(parts[1] || 1);
  }

  function numbers(text) {
    var found = String(text || "").split(",").map(Number);
    return found.length === 4 && found.every(isFinite) && found[2] > 0 ? found : null;
  }

  /* The frame with the picture under it; `part()` says what is in the frame. */
  function stage(frame, picture, start, changed) {
    var scale = 1, least = 1, left = 0, top = 0;

    function clamp() {
      left = Math.min(0, Math.max(frame.clientWidth - picture.naturalWidth * scale, left));
      top = Math.min(0, Math.max(frame.clientHeight - picture.naturalHeight * scale, top));
      picture.style.width = picture.naturalWidth * scale + "px";
      picture.style.height = picture.naturalHeight * scale + "px";
      picture.style.transform = "translate(" + left + "px," + top + "px)";
    }

    function resize(zoom) {
      var before = scale, x = frame.clientWidth / 2, y = frame.clientHeight / 2;
      scale = least * Math.min(MOST, Math.max(1, zoom));
      left = x - (x - left) * scale / before;
      top = y - (y - top) * scale / before;
      clamp();
      changed(scale / least);
    }

    function move(x, y) { left += x; top += y; clamp(); }

    function begin() {
      least = Math.max(frame.clientWidth / picture.naturalWidth, frame.clientHeight / picture.naturalHeight);
      scale = least;
      if (start) {
        scale = Math.min(least * MOST, Math.max(least, frame.clientWidth / (start[2] * picture.naturalWidth)));
        left = -start[0] * picture.naturalWidth * scale;
        top = -start[1] * picture.naturalHeight * scale;
      } else {
        left = (frame.clientWidth - picture.naturalWidth * scale) / 2;
        top = (frame.clientHeight - picture.naturalHeight * scale) / 2;
      }
      clamp();
      changed(scale / least);
    }

    function part() {
      var width = picture.naturalWidth * scale, height = picture.naturalHeight * scale;
      return [-left / width, -top / height, Math.min(1, frame.clientWidth / width), Math.min(1, frame.clientHeight / height)]
        .map(function (share) { return Math.max(0, share).toFixed(6); }).join(",");
    }
    return { begin: begin, move: move, resize: resize, part: part, zoom: function () { return scale / least; } };
  }

  function listen(frame, view) {
    var from = null;
    frame.addEventListener("pointerdown", function (event) {
      from = [event.clientX, event.clientY];
      frame.setPointerCapture(event.pointerId);
    });
    frame.addEventListener("pointermove", function (event) {
      if (!from) return;
      view.move(event.clientX - from[0], event.clientY - from[1]);
      from = [event.clientX, event.clientY];
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      frame.addEventListener(name, function () { from = null; });
    });
    frame.addEventListener("wheel", function (event) {
      event.preventDefault();
      view.resize(view.zoom() * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
    }, { passive: false });
    frame.addEventListener("keydown", function (event) {
      var step = event.shiftKey ? 1 : STEP;
      var moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
      if (moves[event.key]) view.move(moves[event.key][0], moves[event.key][1]);
      else if (event.key === "+" || event.key === "=") view.resize(view.zoom() * 1.1);
      else if (event.key === "-") view.resize(view.zoom() / 1.1);
      else return;
      event.preventDefault();
    });
  }

  function open(source, options) {
    var words = options.words, dialog = element("dialog", "crop"), title = element("h2", "section-title", words.title);
    var frame = element("div", "crop-frame" + (options.round ? " is-round" : "")), picture = element("img");
    var label = element("label", "crop-size", words.size), range = element("input"), view;
    var apply = button(words.apply, "el-button--primary"), whole = button(words.whole), cancel = button(words.cancel);
    var buttons = element("div", "crop-buttons");
    title.id = "crop-title";
    dialog.setAttribute("aria-labelledby", "crop-title");
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", words.move);
    frame.style.aspectRatio = String(ratioOf(options.ratio));
    picture.alt = "";
    picture.draggable = false;
    range.type = "range";
    range.min = "1";
    range.max = String(MOST);
    range.step = "0.01";
    range.value = "1";
    label.appendChild(range);
    frame.appendChild(picture);
    [apply, whole, cancel].forEach(function (one) { buttons.appendChild(one); });
    [title, frame, label, element("p", "help", words.move), buttons].forEach(function (one) { dialog.appendChild(one); });
    document.body.appendChild(dialog);
    dialog.showModal();
    return new Promise(function (done) {
      function close(answer) {
        dialog.close();
        dialog.remove();
        done(answer);
      }
      view = stage(frame, picture, numbers(options.start), function (zoom) { range.value = String(zoom); });
      apply.addEventListener("click", function () { close(view.part()); });
      whole.addEventListener("click", function () { close(""); });
      cancel.addEventListener("click", function () { close(null); });
      dialog.addEventListener("cancel", function (event) { event.preventDefault(); close(null); });
      range.addEventListener("input", function () { view.resize(Number(range.value)); });
      picture.addEventListener("load", function () { view.begin(); listen(frame, view); frame.focus(); });
      picture.addEventListener("error", function () {
        frame.textContent = words.broken;
        apply.disabled = true;
        cancel.focus();
      });
      picture.src = source;
    });
  }

  /* Show the part of a picture in a frame of its own. */
  function show(frame, source, part) {
    var found = numbers(part) || null, picture = frame.querySelector("img") || frame.appendChild(element("img"));
    picture.alt = "";
    picture.onload = function () {
      var width = picture.naturalWidth, height = picture.naturalHeight, scale;
      scale = found ? frame.clientWidth / (found[2] * width) : Math.max(frame.clientWidth / width, frame.clientHeight / height);
      picture.style.width = width * scale + "px";
      picture.style.height = height * scale + "px";
      picture.style.transform = found
        ? "translate(" + -found[0] * width * scale + "px," + -found[1] * height * scale + "px)"
        : "translate(" + (frame.clientWidth - width * scale) / 2 + "px," + (frame.clientHeight - height * scale) / 2 + "px)";
    };
    picture.onerror = function () { frame.hidden = true; };
    frame.hidden = false;
    picture.src = source;
  }

  window.shopCrop = { open: open, show: show };

  /* A file input that says its shape gets a button and a preview. */
  function prepare(input) {
    var words = JSON.parse(input.dataset.cropWords), kept = element("input"), box = element("div", "crop-chosen");
    var frame = element("div", "crop-preview" + (input.dataset.cropRound ? " is-round" : "")), change = button(words.open);
    var source = input.dataset.cropSource || "", mine = "";
    kept.type = "hidden";
    kept.name = input.name + "_crop";
    frame.style.aspectRatio = String(ratioOf(input.dataset.crop));
    frame.setAttribute("role", "img");
    frame.setAttribute("aria-label", words.preview);
    frame.hidden = true;
    box.appendChild(frame);
    box.appendChild(change);
    input.after(box, kept);
    change.hidden = !source;

    function preview() {
      if (source && (mine || kept.value)) window.shopCrop.show(frame, source, kept.value); else frame.hidden = true;
    }
    function ask() {
      open(source, { ratio: input.dataset.crop, round: Boolean(input.dataset.cropRound), words: words, start: kept.value })
        .then(function (part) {
          if (part !== null) {
            kept.value = part;
            input.dispatchEvent(new CustomEvent("touched", { bubbles: true }));
          }
          preview();
          change.focus();
        });
    }
    change.addEventListener("click", ask);
    input.addEventListener("change", function () {
      if (mine) URL.revokeObjectURL(mine);
      mine = input.files.length ? URL.createObjectURL(input.files[0]) : "";
      source = mine || input.dataset.cropSource || "";
      kept.value = "";
      change.hidden = !source;
      if (mine) ask(); else preview();
    });
  }
  function begin() { Array.prototype.forEach.call(document.querySelectorAll("input[type=file][data-crop]"), prepare); }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();
