namespace FastStream.Cli;

/// <summary>
/// Whether values rise, and how fast, robust against outliers: the Theil-Sen slope and the Mann-Kendall test.
/// </summary>
/// <param name="Slope">The median of the slopes between all pairs of points: change of the value for each unit of
/// x.</param>
/// <param name="Certainty">How many standard deviations the number of rising pairs is away from chance: above 3 the
/// values rise, below -3 they fall.</param>
internal readonly record struct Trend(double Slope, double Certainty)
{
    private const int MostPoints = 200;

    /// <summary>Computes the trend of points in order of x; none for fewer than five points.</summary>
    public static Trend Of(IReadOnlyList<(double X, double Y)> points)
    {
        (double X, double Y)[] few = Thin(points);
        if (few.Length < 5)
        {
            return default;
        }

        var slopes = new List<double>(few.Length * few.Length / 2);
        long rising = 0;
        for (int later = 1; later < few.Length; later++)
        {
            for (int earlier = 0; earlier < later; earlier++)
            {
                double width = few[later].X - few[earlier].X;
                if (width > 0)
                {
                    double height = few[later].Y - few[earlier].Y;
                    slopes.Add(height / width);
                    rising += Math.Sign(height);
                }
            }
        }

        double n = few.Length;
        return slopes.Count == 0 ? default : new Trend(Median(slopes), rising / Math.Sqrt(n * (n - 1) * ((2 * n) + 5) / 18));
    }

    /// <summary>Returns the median; 0 where there are no values.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    // Replaces neighbours by their medians: all pairs of 10,000 points would be too many.
    private static (double X, double Y)[] Thin(IReadOnlyList<(double X, double Y)> points) => points.Count <= MostPoints
        ? [.. points]
        : [.. points.Chunk((points.Count + MostPoints - 1) / MostPoints)
            .Select(part => (Median(part.Select(point => point.X)), Median(part.Select(point => point.Y))))];
}
