namespace FastStream;

/// <summary>The names by which a restarted program finds the states of its streams.</summary>
/// <remarks>
/// The name set by <c>Named</c>; else the operator and its place among those of its kind, in the order of description:
/// <c>Window #2</c>. The numbers of streams are unsuitable, because some operators consist of more streams with several
/// partitions than with one.
/// </remarks>
internal static class OperatorIds
{
    /// <exception cref="InvalidOperationException">Two streams have the same name.</exception>
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
