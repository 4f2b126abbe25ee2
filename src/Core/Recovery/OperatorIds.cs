namespace FastStream;

/// <summary>The names by which a program that starts again finds what its streams kept.</summary>
/// <remarks>
/// The one given by <c>Named</c>; else the operator and its place among those of its kind, in the order of description:
/// <c>Window #2</c>. Numbers of streams would not do, as some operators are made of more streams in several partitions
/// than in one.
/// </remarks>
internal static class OperatorIds
{
    /// <exception cref="InvalidOperationException">Two streams have the same one.</exception>
    public static string[] Of(IReadOnlyList<DStream> streams)
    {
        string[] names = new string[streams.Count];
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((int index, DStream stream) in streams.Index().OrderBy(each => each.Item.Place))
        {
            if (stream.GivenName is { } given)
            {
                names[index] = given;
                continue;
            }

            int place = seen[stream.OperatorName] = seen.GetValueOrDefault(stream.OperatorName) + 1;
            names[index] = $"{stream.OperatorName} #{place}";
        }

        return names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { Key: var twice }
            ? throw new InvalidOperationException(
                $"Two streams are known by \"{twice}\" in checkpoints. A number sign and a number say which stream "
                + "without a name is meant: give another name by Named.")
            : names;
    }
}
