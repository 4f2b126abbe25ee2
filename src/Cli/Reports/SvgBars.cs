using System.Text;
using static System.FormattableString;

namespace FastStream.Cli;

/// <summary>A chart of horizontal bars with names, as SVG text.</summary>
internal static class SvgBars
{
    private const double RowHeight = 26;
    private const double NameWidth = 250;
    private const double ValueWidth = 150;
    private const double Top = 34;

    /// <summary>Makes the chart.</summary>
    /// <param name="title">The title.</param>
    /// <param name="bars">Name, length, and the text at the bar's end.</param>
    /// <param name="css">Style rules for its classes, for a chart of its own.</param>
    public static string Of(string title, IEnumerable<(string Name, double Value, string Words)> bars, string css = "")
    {
        (string Name, double Value, string Words)[] all = [.. bars];
        double most = Math.Max(1e-12, all.Select(bar => bar.Value).DefaultIfEmpty(0).Max());
        double height = Top + (all.Length * RowHeight) + 10;
        var text = new StringBuilder(Invariant(
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SvgChart.Width} {height}\" ")
                + Invariant($"width=\"{SvgChart.Width}\" height=\"{height}\" role=\"img\">\n"));
        if (css.Length > 0)
        {
            text.Append(Invariant($"<style>{css}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"));
        }

        text.Append(Invariant($"<text class=\"title\" x=\"10\" y=\"20\">{SvgChart.Escape(title)}</text>\n"));
        for (int index = 0; index < all.Length; index++)
        {
            double y = Top + (index * RowHeight);
            double width = (SvgChart.Width - NameWidth - ValueWidth) * all[index].Value / most;
            text.Append(Invariant(
                $"<text class=\"legend\" x=\"{NameWidth - 10}\" y=\"{y + 15}\" ")
                + Invariant($"text-anchor=\"end\">{SvgChart.Escape(all[index].Name)}</text>\n"));
            text.Append(Invariant(
                $"<rect class=\"bar a\" x=\"{NameWidth}\" y=\"{y + 2}\" width=\"{Math.Max(1, width):0.#}\" ")
                + Invariant($"height=\"{RowHeight - 8}\"/>\n"));
            text.Append(Invariant(
                $"<text class=\"tick\" x=\"{NameWidth + width + 8:0.#}\" y=\"{y + 15}\">{SvgChart.Escape(all[index].Words)}</text>\n"));
        }

        return text.Append("</svg>\n").ToString();
    }
}
