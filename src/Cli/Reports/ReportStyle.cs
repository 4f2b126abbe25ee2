namespace FastStream.Cli;

/// <summary>
/// Colours and letters of the reports, for light and dark pages. The colours of lines are told apart by colour-blind
/// eyes as well (Okabe's and Ito's).
/// </summary>
internal static class ReportStyle
{
    private static readonly (string Name, string Light, string Dark)[] Colours =
    [
        ("paper", "#ffffff", "#14191f"), ("ink", "#1d2733", "#e6edf3"), ("soft", "#5b6b7c", "#9aa8b6"), ("grid", "#e3e8ee", "#2a333d"),
        ("a", "#0072b2", "#4aa8e0"), ("b", "#56b4e9", "#9bd3f5"), ("c", "#d55e00", "#ff8a3d"), ("d", "#e69f00", "#ffc352"),
        ("bad", "#c0392b", "#ff7b72"), ("good", "#00835c", "#3fce9b"), ("shade", "#fbeaea", "#2e1d1f"),
    ];

    /// <summary>
    /// Style rules for a chart of its own, with the light colours, because not all SVG renderers support CSS variables.
    /// </summary>
    public static string ForChart { get; } =
        Colours.Aggregate(Charts, (css, colour) => css.Replace($"var(--{colour.Name})", colour.Light, StringComparison.Ordinal));

    /// <summary>Style rules for a page with charts.</summary>
    public static string ForPage { get; } =
        $":root{{{string.Concat(Colours.Select(colour => $"--{colour.Name}:{colour.Light};"))}}}\n"
        + "@media (prefers-color-scheme:dark){:root{"
        + string.Concat(Colours.Select(colour => $"--{colour.Name}:{colour.Dark};"))
        + $"}}}}\n{Charts}{Page}";

    private const string Charts = """
        svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
        svg .title{font-size:15px;font-weight:600;fill:var(--ink)} svg .legend{fill:var(--ink)}
        .paper{fill:var(--paper)} .grid{stroke:var(--grid);stroke-width:1} .line{fill:none;stroke-width:2} .unstable{fill:var(--shade)}
        .a{stroke:var(--a)} .b{stroke:var(--b);stroke-dasharray:6 4} .c{stroke:var(--c)} .d{stroke:var(--d);stroke-dasharray:6 4}
        .limit{stroke:var(--bad);stroke-dasharray:2 4} .best{stroke:var(--good);stroke-width:1.5}
        circle.a,circle.b,circle.c,circle.d{stroke:none}
        circle.a{fill:var(--a)} circle.b{fill:var(--b)} circle.c{fill:var(--c)} circle.d{fill:var(--d)}
        rect.a{fill:var(--a);stroke:none} rect.b{fill:var(--b);stroke:none}
        rect.c{fill:var(--c);stroke:none} rect.d{fill:var(--d);stroke:none}
        svg text.mark{stroke:none;fill:var(--good);font-weight:600} svg text.note{stroke:none;font-size:11px}
        svg text.stable{fill:var(--good)} svg text.unwell{fill:var(--bad)}
        """;

    private const string Page = """
        body{background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}
        h1{font-size:1.5rem} h2{font-size:1.15rem;margin-top:2.2rem} svg{max-width:100%;height:auto;display:block;margin:.8rem 0}
        .advice{border-left:4px solid var(--good);padding:.4rem .9rem;margin:1rem 0} .machine{color:var(--soft)} .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.85rem}
        th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
        th{color:var(--soft);font-weight:600} td:nth-child(2),th:nth-child(2),td.reason,th.reason{text-align:left}
        td.reason{white-space:normal;min-width:20rem}
        .small{display:grid;grid-template-columns:repeat(auto-fill,minmax(24rem,1fr));gap:.4rem 1.2rem}
        """;
}
