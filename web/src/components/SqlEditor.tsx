/**
 * The SQL editor: CodeMirror with Flink's words, the server's diagnostics at their place, and what the server knows to
 * complete from.
 *
 * Tab indents; Escape and then Tab leaves the editor, for those who walk by keyboard.
 */

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap, type Diagnostic as Mark, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, Prec, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import type { Diagnostic } from "../api/types";
import classes from "./SqlEditor.module.css";
import { NO_VOCABULARY, sqlLanguage, type Vocabulary } from "./sqlCompletion";

export interface SqlEditorHandle {
  /** Puts the cursor at a place; both count from one, columns in characters. */
  goTo(line: number, column: number): void;
  focus(): void;
}

export function SqlEditor({
  value,
  onChange,
  onRun,
  onSave,
  diagnostics = NO_DIAGNOSTICS,
  vocabulary = NO_VOCABULARY,
  readOnly = false,
  label = "SQL",
  ref,
}: {
  value: string;
  onChange?: (text: string) => void;
  onRun?: () => void;
  onSave?: () => void;
  diagnostics?: Diagnostic[] | undefined;
  vocabulary?: Vocabulary;
  readOnly?: boolean;
  label?: string;
  ref?: Ref<SqlEditorHandle>;
}) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const language = useRef(new Compartment());
  // The editor lives as long as the page; what it calls is always the newest.
  const calls = useRef({ onChange, onRun, onSave });
  calls.current = { onChange, onRun, onSave };

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; later values come by the effects below
  useEffect(() => {
    if (!host.current) return;
    const call = (name: "onRun" | "onSave") => () => {
      calls.current[name]?.();
      return true;
    };
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          Prec.highest(
            keymap.of([
              { key: "Mod-Enter", run: call("onRun"), preventDefault: true },
              { key: "Mod-s", run: call("onSave"), preventDefault: true },
              { key: "Tab", run: acceptCompletion },
            ]),
          ),
          lineNumbers(),
          foldGutter(),
          lintGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSelectionMatches(),
          search({ top: true }),
          keymap.of([
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...searchKeymap,
            ...historyKeymap,
            ...foldKeymap,
            ...completionKeymap,
            ...lintKeymap,
            indentWithTab,
          ]),
          language.current.of(sqlLanguage(vocabulary)),
          syntaxHighlighting(colours),
          look,
          EditorState.readOnly.of(readOnly),
          EditorView.editable.of(!readOnly),
          EditorView.contentAttributes.of({
            "aria-label": label,
            "aria-description": "Tab indents. Escape and then Tab leaves the editor.",
            tabindex: "0",
            // Escape is the editor's own: a dialog around it stays open, and what is written stays.
            "data-mantine-stop-propagation": "true",
          }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(sqlLanguage(vocabulary)) });
  }, [vocabulary]);

  useEffect(() => {
    const editor = view.current;
    if (editor) editor.dispatch(setDiagnostics(editor.state, marks(editor.state.doc, diagnostics)));
  }, [diagnostics]);

  useImperativeHandle(ref, () => ({
    goTo(line, column) {
      const editor = view.current;
      if (!editor) return;
      const at = offset(editor.state.doc, line, column);
      editor.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      editor.focus();
    },
    focus() {
      view.current?.focus();
    },
  }));

  return <div ref={host} className={classes.editor} />;
}

const NO_DIAGNOSTICS: Diagnostic[] = [];

function marks(doc: Text, diagnostics: Diagnostic[]): Mark[] {
  return diagnostics.flatMap(({ span, severity, message, hint }) => {
    if (!span) return [];
    const from = offset(doc, span.line, span.column);
    const to = Math.max(from, offset(doc, span.end_line, span.end_column));
    return {
      from,
      // An empty place is shown by the letter after it, where there is one.
      to: to > from ? to : Math.min(from + 1, doc.lineAt(from).to),
      severity,
      message,
      renderMessage: () => explained(message, hint),
    };
  });
}

function explained(message: string, hint: string | null): HTMLElement {
  const box = document.createElement("div");
  const text = document.createElement("div");
  text.textContent = message;
  box.append(text);
  if (hint) {
    const help = document.createElement("div");
    help.className = classes.hint ?? "";
    help.textContent = hint;
    box.append(help);
  }
  return box;
}

/** Where a line and a column (in code points, from one) stand in the document (in UTF-16 units, from zero). */
export function offset(doc: Text, line: number, column: number): number {
  const found = doc.line(Math.max(1, Math.min(doc.lines, line)));
  let units = 0;
  let characters = 1;
  for (const character of found.text) {
    if (characters >= column) break;
    units += character.length;
    characters += 1;
  }
  return found.from + units;
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--o-code-keyword)", fontWeight: "500" },
  { tag: [tags.typeName, tags.modifier], color: "var(--o-code-type)" },
  { tag: [tags.standard(tags.name), tags.function(tags.name)], color: "var(--o-code-function)" },
  { tag: tags.string, color: "var(--o-code-string)" },
  // Names in back quotes.
  { tag: tags.special(tags.string), color: "var(--o-ink)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--o-code-number)" },
  {
    tag: [tags.lineComment, tags.blockComment, tags.comment],
    color: "var(--o-code-comment)",
    fontStyle: "italic",
  },
  { tag: [tags.punctuation, tags.operator, tags.bracket], color: "var(--o-ink-2)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--o-ink)", backgroundColor: "var(--o-surface)", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--o-mono)", lineHeight: "20px", overflow: "auto" },
  ".cm-content": { padding: "0 0 40px", caretColor: "var(--o-accent)" },
  ".cm-line": { padding: "0 12px 0 6px" },
  ".cm-gutters": {
    backgroundColor: "var(--o-surface)",
    color: "var(--o-ink-3)",
    border: "0",
    fontSize: "12px",
  },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 4px 0 12px", minWidth: "34px" },
  ".cm-foldGutter .cm-gutterElement": { padding: "0 4px", opacity: "0.6" },
  ".cm-gutter-lint": { width: "14px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 0 0 4px" },
  ".cm-activeLine, .cm-activeLineGutter": {
    backgroundColor: "color-mix(in srgb, var(--o-accent) 6%, transparent)",
  },
  ".cm-activeLineGutter": { color: "var(--o-ink)" },
  ".cm-cursor": { borderLeftColor: "var(--o-accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--o-accent) 24%, transparent) !important",
  },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--o-accent) 16%, transparent)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "color-mix(in srgb, var(--o-accent) 24%, transparent)",
    outline: "none",
  },
  ".cm-lint-marker": { width: "9px", height: "9px", marginTop: "6px" },
  ".cm-tooltip": {
    color: "var(--o-ink)",
    backgroundColor: "var(--o-raised)",
    border: "1px solid var(--o-line-strong)",
    borderRadius: "6px",
    boxShadow: "var(--o-shadow)",
    overflow: "hidden",
  },
  ".cm-tooltip-lint": { maxWidth: "560px" },
  ".cm-diagnostic": {
    padding: "7px 12px",
    fontFamily: "var(--mantine-font-family)",
    fontSize: "12.5px",
    borderLeftWidth: "3px",
  },
  ".cm-diagnostic-error": { borderLeftColor: "var(--o-bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--o-warn)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--o-accent)" },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "2px solid var(--o-bad)" },
  ".cm-lintRange-warning": { backgroundImage: "none", borderBottom: "2px dotted var(--o-warn)" },
  ".cm-lintRange-info": { backgroundImage: "none", borderBottom: "1px dotted var(--o-accent)" },
  // What a function does stands beside the list.
  ".cm-tooltip.cm-tooltip-autocomplete": { overflow: "visible" },
  ".cm-tooltip-autocomplete > ul": { borderRadius: "6px", fontFamily: "var(--o-mono)", fontSize: "12px" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 10px !important" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--o-selected) !important",
    color: "var(--o-ink) !important",
  },
  ".cm-completionLabel": { color: "var(--o-ink)" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--o-accent)", fontWeight: "600" },
  ".cm-completionDetail": { marginLeft: "12px", fontStyle: "normal", color: "var(--o-ink-3)" },
  ".cm-tooltip.cm-completionInfo": { maxWidth: "420px", padding: "8px 12px", fontSize: "12.5px" },
  ".cm-doc-signature": { fontFamily: "var(--o-mono)", fontSize: "12px", color: "var(--o-code-function)" },
  ".cm-doc-text": { margin: "4px 0", fontFamily: "var(--mantine-font-family)" },
  ".cm-doc-example": { fontFamily: "var(--o-mono)", fontSize: "11.5px", color: "var(--o-ink-3)" },
  ".cm-panels": {
    backgroundColor: "var(--o-sunken)",
    color: "var(--o-ink)",
    borderBottom: "1px solid var(--o-line) !important",
  },
  ".cm-panel input, .cm-panel button": { fontFamily: "var(--mantine-font-family)", fontSize: "12px" },
  ".cm-textfield": {
    backgroundColor: "var(--o-surface)",
    border: "1px solid var(--o-line-strong)",
    borderRadius: "4px",
    color: "var(--o-ink)",
  },
  ".cm-button": {
    backgroundImage: "none",
    backgroundColor: "var(--o-raised)",
    border: "1px solid var(--o-line-strong)",
    borderRadius: "4px",
    color: "var(--o-ink)",
  },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--o-hover)",
    border: "0",
    color: "var(--o-ink-3)",
    padding: "0 5px",
  },
});
