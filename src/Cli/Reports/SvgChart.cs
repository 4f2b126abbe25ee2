using System.Text;
using static System.FormattableString;

namespace FastStream.Cli;

/// <summary>
/// A chart as SVG text: axes, lines, bars and marks. Colours come from CSS classes, so that a page can have light and
/// dark ones.
/// </summary>
internal sealed class SvgChart
{
    public const double Width = 960;

    private const double Left = 78;
    private const double Right = 20;
    private const double Top = 46;
    private const double Bottom = 58;

    private readonly StringBuilder _body = new();
    private readonly SvgScale _x;
    private readonly SvgScale _y;
    private readonly double _height;
    private double _legendX = Left;

    /// <summary>Makes an empty chart with axes.</summary>
    /// <param name="title">The title.</param>
    /// <param name="x">The horizontal axis.</param>
    /// <param name="y">The vertical axis.</param>
    /// <param name="height">Height in pixels.</param>
    public SvgChart(string title, SvgScale x, SvgScale y, double height = 480)
    {
        _height = height;
        _x = x with { From = Left, To = Width - Right };
        _y = y with { From = height - Bottom, To = Top };
        Text(Left, 18, title, "title");
        Text((Left + Width - Right) / 2, height - 12, x.Label, "label", "middle");
        _body.Append(
            Invariant($"<text class=\"label\" text-anchor=\"middle\" transform=\"translate(16 ")
            + Invariant($"{(Top + height - Bottom) / 2:0.#}) rotate(-90)\">{Escape(y.Label)}</text>\n"));
        foreach ((double value, string label) in _x.Ticks())
        {
            Line(_x.At(value), Top, _x.At(value), height - Bottom, "grid");
            Text(_x.At(value), height - Bottom + 18, label, "tick", "middle");
        }

        foreach ((double value, string label) in _y.Ticks())
        {
            Line(Left, _y.At(value), Width - Right, _y.At(value), "grid");
            Text(Left - 8, _y.At(value) + 4, label, "tick", "end");
        }
    }

    /// <summary>Draws a line through points, with a dot at each, and its name in the legend.</summary>
    public void Series(string name, string style, IEnumerable<(double X, double Y)> points)
    {
        (double X, double Y)[] drawn = [.. points.Where(point => point.X > 0 && point.Y > 0).OrderBy(point => point.X)
            .Select(point => (_x.At(point.X), _y.At(point.Y)))];
        _body.Append(
            Invariant($"<polyline class=\"line {style}\" ")
            + Invariant($"points=\"{string.Join(' ', drawn.Select(point => Invariant($"{point.X:0.#},{point.Y:0.#}")))}\"/>\n"));
        foreach ((double x, double y) in drawn)
        {
            _body.Append(Invariant($"<circle class=\"dot {style}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"3.2\"/>\n"));
        }

        Legend(name, style);
    }

    /// <summary>Draws a straight line between two points, with its name in the legend.</summary>
    public void Bound(string name, string style, double x1, double y1, double x2, double y2)
    {
        Line(_x.At(x1), _y.At(y1), _x.At(x2), _y.At(y2), "line " + style);
        Legend(name, style);
    }

    /// <summary>Shades the part of the chart above a line between two points.</summary>
    public void ShadeAbove(string style, double x1, double y1, double x2, double y2) =>
        _body.Append(
            Invariant($"<polygon class=\"{style}\" points=\"{_x.At(x1):0.#},{_y.At(y1):0.#} ")
            + Invariant($"{_x.At(x2):0.#},{_y.At(y2):0.#} {_x.At(x2):0.#},{Top} {_x.At(x1):0.#},{Top}\"/>\n"));

    /// <summary>Draws a vertical line with a text.</summary>
    public void Mark(double x, string words, string style)
    {
        double at = _x.At(x);
        Line(at, Top, at, _height - Bottom, "line " + style);
        bool isRight = at > Width * 0.7;
        Text(at + (isRight ? -6 : 6), _height - Bottom - 8, words, "mark " + style, isRight ? "end" : "start");
    }

    /// <summary>Writes a word just below the upper edge.</summary>
    public void Note(double x, string words, string style) => Text(_x.At(x), Top + 12, words, "note " + style, "middle");

    /// <summary>Draws bars from the lower edge, each between two positions of the axis.</summary>
    public void Bars(string style, IEnumerable<(double From, double To, double Value)> bars)
    {
        foreach ((double from, double to, double value) in bars)
        {
            double top = _y.At(value);
            _body.Append(
                Invariant($"<rect class=\"bar {style}\" x=\"{_x.At(from):0.#}\" y=\"{top:0.#}\" ")
                + Invariant($"width=\"{Math.Max(1, _x.At(to) - _x.At(from) - 1):0.#}\" ")
                + Invariant($"height=\"{Math.Max(0, _height - Bottom - top):0.#}\"/>\n"));
        }
    }

    /// <summary>Returns the whole SVG element.</summary>
    /// <param name="css">Style rules for its classes, for a chart of its own; empty inside a page that has
    /// them.</param>
    public string ToText(string css = "")
    {
        string style = css.Length == 0 ? ""
            : $"<style>{css}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n";
        return Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {_height}\" width=\"{Width}\" ")
            + Invariant($"height=\"{_height}\" role=\"img\">\n{style}{_body}</svg>\n");
    }

    public static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace("\"", "&quot;", StringComparison.Ordinal);

    private void Legend(string name, string style)
    {
        Line(_legendX, 33, _legendX + 22, 33, "line " + style);
        Text(_legendX + 28, 37, name, "legend");
        _legendX += 46 + (name.Length * 6.6);
    }

    private void Line(double x1, double y1, double x2, double y2, string style) =>
        _body.Append(Invariant($"<line class=\"{style}\" x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\"/>\n"));

    private void Text(double x, double y, string words, string style, string anchor = "start") =>
        _body.Append(Invariant($"<text class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{Escape(words)}</text>\n"));
}
