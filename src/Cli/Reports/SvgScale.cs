namespace FastStream.Cli;

/// <summary>An axis: maps values to positions.</summary>
/// <param name="Label">What the values are.</param>
/// <param name="Least">The value at its beginning.</param>
/// <param name="Most">The value at its end.</param>
/// <param name="IsLogarithmic">Whether equal ratios have equal lengths.</param>
/// <param name="Format">How a value is written.</param>
internal sealed record SvgScale(string Label, double Least, double Most, bool IsLogarithmic, Func<double, string> Format)
{
    private const int MostTicks = 8;

    public double From { get; init; }

    public double To { get; init; }

    /// <summary>Makes a logarithmic axis, wider than the values, which must be above 0.</summary>
    /// <param name="label">What the values are.</param>
    /// <param name="values">The values that it must include.</param>
    /// <param name="format">How a value is written.</param>
    /// <param name="room">The end of the axis, as a multiple of the largest value.</param>
    public static SvgScale Logarithmic(string label, IEnumerable<double> values, Func<double, string> format, double room = 1.3)
    {
        double[] all = [.. values.Where(value => value > 0 && double.IsFinite(value)).DefaultIfEmpty(1)];
        return new SvgScale(label, all.Min() / 1.3, all.Max() * room, true, format);
    }

    /// <summary>Makes an axis from 0 to a little above the largest value.</summary>
    public static SvgScale Linear(string label, IEnumerable<double> values, Func<double, string> format) =>
        new(label, 0, Math.Max(1e-9, values.DefaultIfEmpty(1).Max() * 1.08), false, format);

    /// <summary>Returns the position of a value; a value beyond an end is placed at that end.</summary>
    public double At(double value)
    {
        double part = IsLogarithmic ? Math.Log(Math.Max(value, Least) / Least) / Math.Log(Most / Least) : (value - Least) / (Most - Least);
        return From + ((To - From) * Math.Clamp(part, 0, 1));
    }

    /// <summary>Returns round values for labels.</summary>
    public IEnumerable<(double Value, string Label)> Ticks()
    {
        if (IsLogarithmic)
        {
            double decades = Math.Log10(Most / Least);
            double[] steps = decades < 2 ? [1, 2, 5] : [1];
            for (double power = Math.Pow(10, Math.Floor(Math.Log10(Least))); power <= Most; power *= 10)
            {
                foreach (double value in steps.Select(step => power * step).Where(value => value >= Least && value <= Most))
                {
                    yield return (value, Format(value));
                }
            }

            yield break;
        }

        double width = Math.Pow(10, Math.Floor(Math.Log10(Most / MostTicks)));
        width *= new[] { 1.0, 2, 5, 10 }.First(step => Most / (width * step) <= MostTicks);
        for (int tick = 0; tick * width <= Most; tick++)
        {
            yield return (tick * width, Format(tick * width));
        }
    }
}
