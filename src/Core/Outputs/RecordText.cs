using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace FastStream;

/// <summary>
/// Records as text, as Spark prints them: pairs <c>(a,b)</c>, lists <c>[a, b]</c>, an absent value as <c>null</c>;
/// numbers and times by the invariant culture, also inside records.
/// </summary>
internal static class RecordText
{
    public static string Of<T>(T item)
    {
        if (item is string or Utf8Text)
        {
            return Plain(item);
        }

        var text = new StringBuilder();
        Append(text, item);
        return text.ToString();
    }

    public static void Append<T>(StringBuilder text, T item)
    {
        switch (item)
        {
            case null:
                text.Append("null");
                break;
            case bool truth:
                text.Append(truth ? "true" : "false");
                break;
            case string plain:
                text.Append(plain);
                break;
            case ITuple tuple:
                text.Append('(');
                for (int i = 0; i < tuple.Length; i++)
                {
                    Append(i == 0 ? text : text.Append(','), tuple[i]);
                }

                text.Append(')');
                break;
            case IEnumerable list when item is not IFormattable:
                text.Append('[');
                int index = 0;
                foreach (object? element in list)
                {
                    Append(index++ == 0 ? text : text.Append(", "), element);
                }

                text.Append(']');
                break;
            default:
                text.Append(Plain(item));
                break;
        }
    }

    private static string Plain<T>(T item) =>
        item is IFormattable formattable ? formattable.ToString(null, CultureInfo.InvariantCulture) : Invariant(item) ?? "null";

    // Records, the pairs of dictionaries and the like write their contents by the thread's culture, so that the files
    // of two machines would differ.
    private static string? Invariant<T>(T item)
    {
        CultureInfo culture = CultureInfo.CurrentCulture;
        if (item is string || ReferenceEquals(culture, CultureInfo.InvariantCulture))
        {
            return item?.ToString();
        }

        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            return item?.ToString();
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
