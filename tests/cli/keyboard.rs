//! The page of a run by keyboard: everything that can be used is reached by Tab, seen when it is, and works by a key.
//!
//! Keys are pressed in a browser; the page has no script that could help itself.

use serde_json::{Value, json};
use xtask::machine::Tool;

use super::browser::Browser;
use super::place::wait_until;
use super::results::{rejected, results};

/// What has the focus, and whether that is seen: its place in the list of all that can have it, and the width of its outline.
const FOCUSED: &str = "(() => {
  const all = [...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')];
  const has = document.activeElement, style = getComputedStyle(has), box = has.getBoundingClientRect();
  return { at: all.indexOf(has), of: all.length, tag: has.tagName, name: has.className,
    outline: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    seen: box.width > 0 && box.left >= 0 && box.left < innerWidth && box.top >= 0 && box.top < innerHeight };
})()";

/// The darkest contrast between a text and what it stands on, as WCAG counts it, and which text it is.
const CONTRAST: &str = "(() => {
  const number = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = number(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: 99, text: '' };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), element = walk.currentNode.parentElement;
    if (!text || element.closest('svg')) continue;
    const [a, b] = [light(number(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text };
  }
  return worst;
})()";

#[test]
fn a_browser_is_led_through_the_page_by_keys() {
    let test = "keyboard::a_browser_is_led_through_the_page_by_keys";
    if !Tool::is_there_for("chromium", test).unwrap() {
        return;
    }
    let (knosc, place) = rejected("results-keyboard");
    assert_eq!(results(&knosc, &place, &["--to=page.html"]).exit, 0);
    let mut page = Browser::open(&place.path().join("page.html"));

    // Every one in its order, each seen and outlined; back again by the other way.
    let count = usize::try_from(page.value(FOCUSED)["of"].as_u64().unwrap()).unwrap();
    assert!(count >= 5, "{count}");
    for at in 0..count {
        page.press("Tab");
        let focused = page.value(FOCUSED);
        assert_eq!(focused["at"], at, "{focused}");
        assert!(focused["outline"].as_f64().unwrap() >= 2.0, "{focused}");
        assert_eq!(focused["seen"], true, "{focused}");
    }
    for at in (0..count - 1).rev() {
        page.press("Shift+Tab");
        assert_eq!(page.value(FOCUSED)["at"], at);
    }

    // The first is the way past the tables; behind it the next is the first kind of message.
    assert_eq!(page.value(FOCUSED)["name"], "skip");
    page.press("Enter");
    assert_eq!(page.value("document.activeElement.id"), "rejected");
    page.press("Tab");
    assert_eq!(page.value(FOCUSED)["tag"], "SUMMARY");
    let is_open = "document.activeElement.parentElement.open";
    let mut expected = true;
    for key in ["Enter", " ", "Enter", "Enter", " "] {
        assert_eq!(page.value(is_open), expected);
        page.press(key);
        expected = !expected;
    }
    // Closed, its table is not in the way; open, it is next.
    assert_eq!(page.value(is_open), false);
    page.press("Tab");
    assert_ne!(page.value("document.activeElement.previousElementSibling?.tagName"), "SUMMARY");
    page.press("Shift+Tab");
    page.press(" ");
    page.press("Tab");
    assert_eq!(page.value("document.activeElement.previousElementSibling.tagName"), "SUMMARY");
    // A table that is wider than the window is read by arrows.
    let scrolled = "document.activeElement.scrollLeft";
    assert_eq!(page.value(scrolled), 0);
    assert_eq!(page.value("document.activeElement.scrollWidth > innerWidth"), true);
    page.press("ArrowRight");
    wait_until("scrolling", || page.value(scrolled).as_f64().unwrap() > 0.0);
}

#[test]
fn a_browser_has_enough_contrast_in_light_and_dark() {
    let test = "keyboard::a_browser_has_enough_contrast_in_light_and_dark";
    if !Tool::is_there_for("chromium", test).unwrap() {
        return;
    }
    let (knosc, place) = rejected("results-contrast");
    assert_eq!(results(&knosc, &place, &["--to=page.html"]).exit, 0);
    let mut page = Browser::open(&place.path().join("page.html"));
    let mut papers = Vec::new();
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        let worst = page.value(CONTRAST);
        // What WCAG asks of small text (AA).
        assert!(worst["ratio"].as_f64().unwrap() >= 4.5, "{scheme}: {worst}");
        papers.push(page.value("getComputedStyle(document.body).backgroundColor"));
    }
    assert_eq!(papers, [Value::from("rgb(255, 255, 255)"), json!("rgb(15, 20, 25)")]);
}
