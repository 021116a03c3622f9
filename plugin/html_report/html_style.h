#pragma once

namespace limpid {

// The style sheet of report.html. Columns are as many as fit, so that a phone shows one picture
// below the other; wide tables scroll on their own; on paper nothing is torn apart.
inline constexpr const char* page_style = R"(
:root{color-scheme:light}
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;
 color:#222;background:#fff;max-width:1120px;margin:0 auto;padding:16px}
h1{font-size:1.6em;line-height:1.2;margin:.3em 0 .4em}
h2{font-size:1.25em;margin:1.8em 0 .4em;border-bottom:1px solid #ddd;padding-bottom:.2em}
h3{font-size:1.05em;margin:1.2em 0 .2em;overflow-wrap:anywhere}
.lead{overflow-wrap:anywhere;margin:0}
.legend{color:#555;font-size:.9em;margin:.2em 0 .6em;max-width:75ch;white-space:pre-line}
.numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:12px}
.number{border:1px solid #ddd;border-left:4px solid #0072b2;border-radius:4px;padding:8px 12px}
.number b{font-size:1.35em}
.number p{margin:.2em 0 0;font-size:.9em;color:#444}
.warning{border-left-color:#d55e00;background:#fff6f0}
.unknown{border:1px solid #ddd;border-left:4px solid #888;border-radius:4px;padding:4px 12px;
 margin-top:12px;background:#f7f7f7}
.unknown h3{margin:.3em 0}.unknown p{margin:.3em 0;font-size:.9em}
.bad{color:#b03a00}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:10px}
.small,.spectra{grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:14px;margin-top:10px}
figure{margin:0}
figure img{display:block;width:100%;height:auto}
.curves{grid-column:span 2}
.curves img{max-width:520px}
.spectra>figure>img,.small img{max-width:260px}
.plots img{max-width:560px}
figcaption{font-size:.85em;color:#444;padding:2px 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.85em;font-variant-numeric:tabular-nums}
th,td{padding:3px 8px;text-align:right;border-bottom:1px solid #e4e4e4;white-space:nowrap}
th{border-bottom:2px solid #999;vertical-align:bottom}
th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:11em;
 max-width:24em}
td.text,th.text{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:14em}
.flagged{background:#fff1e6}
.settings td{border:0;padding:0 8px}
@media print{
 @page{margin:14mm}
 body{font-size:10pt;max-width:none;padding:0}
 .wide{overflow:visible}
 table{font-size:7.5pt}
 th,td{padding:2px 4px}
 figure,.number,tr,.unknown,section{break-inside:avoid}
 h2,h3{break-after:avoid}
 .panels{grid-template-columns:repeat(3,1fr)}
 .small{grid-template-columns:repeat(4,1fr)}
 .spectra{grid-template-columns:repeat(5,1fr)}
 .number,.warning,.unknown,.flagged{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
)";

}  // namespace limpid
