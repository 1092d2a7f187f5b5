// Texts of the computing part in German: why the page cannot answer, and the way out.
export default {
  "core.pending": "Die Bewegung wird noch verfolgt…",
  "core.impossible": "Eine solche Zelle gibt es nicht: Ein Wert liegt außerhalb seiner Grenzen, oder nichts gleicht die Ladung aus.",
  "core.used_up":
    "Ein Ion ist verbraucht, oder ein Raum ist fast leer davon. Ob die Zelle ohne es ruht, entscheidet diese Seite nicht.",
  "core.without.decays": "{names} ist verbraucht: Was davon übrig ist, nimmt exponentiell ab, und nichts bringt es zurück.",
  "core.without.slowly": "{names} ist verbraucht: Was davon übrig ist, nimmt langsamer ab als jede Exponentialfunktion, und nichts bringt es zurück.",
  "core.without.and": " und ",
  "core.leaves": "Es gibt einen stationären Zustand, aber die Zelle verlässt ihn. Wohin sie von dort geht, verfolgt diese Seite nicht.",
  "core.not_followed": "Die Zelle bewegt sich nach so vielen Schritten, wie diese Seite macht, immer noch; vielleicht schwingt sie. Diese Seite entscheidet es nicht.",
  "core.not_converged": "Die Bewegung kommt zum Stillstand, aber nicht in einem Zustand, den diese Seite bescheinigen kann.",
  "core.not_finite": "Die Bewegung führt zu Zahlen, die nicht endlich sind. Diese Seite entscheidet nicht, warum.",
  "core.too_slow": "Es gibt einen stationären Zustand, aber seine langsamste Rate ist zu klein, als dass diese Seite sie von null unterscheiden könnte.",
  "core.combination":
    "Wenn gerade diese Transporte aus sind, bleiben andere Summen erhalten als die, die diese Seite mitführt. Sie gibt nur die Antwort für sofort.",
  "core.refused": "Diese Seite zeigt keine Zahlen.",
  "core.no_webassembly":
    "Dieser Browser kann kein WebAssembly ausführen, in das die Gleichungen übersetzt sind. Öffnen Sie die Datei mit einem neueren Firefox, Chrome, Edge oder Safari, oder fragen Sie dasselbe auf der Kommandozeile: {command}",
  "core.forbidden":
    "Wer diese Seite zeigt, verbietet WebAssembly, in das ihre Gleichungen übersetzt sind (eine Inhaltsrichtlinie ohne 'wasm-unsafe-eval'). Speichern Sie die Datei und öffnen Sie sie von Ihrer Platte, oder fragen Sie dasselbe auf der Kommandozeile: {command}",
  "core.no_memory": "Für die Gleichungen ist nicht genug Speicher da. Schließen Sie andere Seiten und laden Sie diese neu, oder fragen Sie auf der Kommandozeile: {command}",
  "core.broken": "Diese Datei ist beschädigt oder wurde nicht von vrest gemacht: {why} Machen Sie sie neu: vrest web {cell} --save page.html",
  "core.format": "Ihr Dokument hat das Format {got}, und diese Seite liest {allowed}.",
  "core.unlike":
    "Dieser Browser rechnet etwas anderes aus als vrest {version}, als die Datei gemacht wurde ({what}); deshalb zeigt die Seite keine Zahlen. Fragen Sie stattdessen auf der Kommandozeile: {command}",
  "core.failed": "Die Seite ist auf einen eigenen Fehler gestoßen ({why}). Laden Sie sie neu; wenn das nicht hilft, melden Sie ihn bitte mit dem Link dieser Seite.",
  "core.link": "Der Link sagt etwas, das diese Seite nicht annehmen kann und das weggelassen wurde: {what}.",
  "core.link.unknown": "{key}={value} (hier nicht bekannt)",
  "core.link.value": "{key}={value} (kein Wert dafür)",
  "core.link.outside": "{key}={value} (außerhalb seiner Grenzen)",
  "core.link.version": "Der Link wurde mit vrest {value} gemacht; diese Seite ist von vrest {version}, und ihre Zahlen können anders sein.",
};
